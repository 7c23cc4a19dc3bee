;; Where strings and values of JSON end, sixteen bytes at a time, reading in the steps of a program, and what was answered of
;; bytes seen before. json-bytes.ts says what each function is for, and json-bytes.wasm.ts holds what `wat2wasm` makes of this
;; file. The bytes lie in memory with at least 128 zero bytes behind them: no string holds a zero and no value begins with
;; one, so that nothing runs past the end.
(module
  (memory (export "memory") 1)

  (func $isHex4 (param $at i32) (result i32) (local $i i32) (local $byte i32)
    (loop $next
      (local.set $byte (i32.load8_u (i32.add (local.get $at) (local.get $i))))
      (if (i32.and
            (i32.ge_u (i32.sub (local.get $byte) (i32.const 48)) (i32.const 10))
            (i32.ge_u (i32.sub (i32.or (local.get $byte) (i32.const 32)) (i32.const 97)) (i32.const 6)))
        (then (return (i32.const 0))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 4))))
    (i32.const 1))

  ;; Whether four hex digits spell an ASCII character.
  (func $isAscii (param $at i32) (result i32)
    (i32.and
      (i32.eq (i32.load16_u (local.get $at)) (i32.const 0x3030))
      (i32.lt_u (i32.load8_u offset=2 (local.get $at)) (i32.const 56))))

  ;; Where the first quote, backslash or control character stands.
  (func $special (param $at i32) (result i32) (local $bytes v128) (local $mask i32)
    (loop $next
      (local.set $bytes (v128.load (local.get $at)))
      (local.set $mask (i8x16.bitmask (v128.or (v128.or
        (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 0x22)))
        (i8x16.eq (local.get $bytes) (i8x16.splat (i32.const 0x5c))))
        (i8x16.lt_u (local.get $bytes) (i8x16.splat (i32.const 0x20))))))
      (if (i32.eqz (local.get $mask)) (then
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next))))
    (i32.add (local.get $at) (i32.ctz (local.get $mask))))

  (func $opens (param $at i32) (param $slack i32) (result i32)
    (i32.and
      (i32.eq (i32.load8_u (i32.add (local.get $at) (local.get $slack))) (i32.const 0x22))
      (i32.or (i32.eqz (local.get $slack)) (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x5c)))))

  (func $stringEnd (export "stringEnd") (param $at i32) (param $slack i32) (result i32) (local $byte i32)
    (if (i32.eqz (call $opens (local.get $at) (local.get $slack))) (then (return (i32.const -1))))
    (local.set $at (i32.add (i32.add (local.get $at) (local.get $slack)) (i32.const 1)))
    (loop $next
      (local.set $at (call $special (local.get $at)))
      (local.set $byte (i32.load8_u (local.get $at)))
      (if (i32.eq (local.get $byte) (i32.const 0x22))
        (then (return (select (i32.const -1) (i32.add (local.get $at) (i32.const 1)) (local.get $slack)))))
      (if (i32.ne (local.get $byte) (i32.const 0x5c)) (then (return (i32.const -1))))
      (if (local.get $slack) (then
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (if (i32.eq (local.get $byte) (i32.const 0x22)) (then (return (i32.add (local.get $at) (i32.const 1)))))
        (if (i32.eq (local.get $byte) (i32.const 0x75)) (then
          (if (i32.or
                (i32.eqz (call $isHex4 (i32.add (local.get $at) (i32.const 1))))
                (call $isAscii (i32.add (local.get $at) (i32.const 1))))
            (then (return (i32.const -1))))
          (local.set $at (i32.add (local.get $at) (i32.const 5)))
          (br $next)))
        (if (i32.ne (local.get $byte) (i32.const 0x5c)) (then (return (i32.const -1))))))
      ;; A backslash of the JSON itself, and what it escapes.
      (local.set $byte (i32.load8_u offset=1 (local.get $at)))
      (if (i32.eq (local.get $byte) (i32.const 0x75)) (then
        (if (i32.eqz (call $isHex4 (i32.add (local.get $at) (i32.const 2)))) (then (return (i32.const -1))))
        (local.set $at (i32.add (local.get $at) (i32.const 6)))
        (br $next)))
      (if (i32.or (i32.or (i32.or (i32.or (i32.or
            (i32.eq (local.get $byte) (i32.const 0x6e))
            (i32.eq (local.get $byte) (i32.const 0x74)))
            (i32.eq (local.get $byte) (i32.const 0x72)))
            (i32.eq (local.get $byte) (i32.const 0x62)))
            (i32.eq (local.get $byte) (i32.const 0x66)))
            (i32.eq (local.get $byte) (i32.const 0x2f)))
        (then (local.set $at (i32.add (local.get $at) (i32.const 2))) (br $next)))
      (if (local.get $slack) (then
        (if (i32.ne (local.get $byte) (i32.const 0x5c)) (then (return (i32.const -1))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $byte (i32.load8_u offset=1 (local.get $at)))))
      (if (i32.or (i32.eq (local.get $byte) (i32.const 0x22)) (i32.eq (local.get $byte) (i32.const 0x5c)))
        (then (local.set $at (i32.add (local.get $at) (i32.const 2))) (br $next))))
    (i32.const -1))

  (func $plainStringEnd (param $at i32) (param $slack i32) (result i32)
    (if (i32.eqz (call $opens (local.get $at) (local.get $slack))) (then (return (i32.const -1))))
    (local.set $at (call $special (i32.add (i32.add (local.get $at) (local.get $slack)) (i32.const 1))))
    (select
      (i32.add (i32.add (local.get $at) (local.get $slack)) (i32.const 1))
      (i32.const -1)
      (call $opens (local.get $at) (local.get $slack))))

  (func $digitsEnd (param $at i32) (result i32)
    (loop $next
      (if (i32.lt_u (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)) (i32.const 10)) (then
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))
    (local.get $at))

  ;; Numbers without an exponent, and the three words.
  (func $scalarEnd (param $at i32) (result i32) (local $start i32) (local $end i32)
    (if (i32.eq (i32.load (local.get $at)) (i32.const 0x65757274)) (then (return (i32.add (local.get $at) (i32.const 4)))))
    (if (i32.eq (i32.load (local.get $at)) (i32.const 0x6c6c756e)) (then (return (i32.add (local.get $at) (i32.const 4)))))
    (if (i32.and
          (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x66))
          (i32.eq (i32.load offset=1 (local.get $at)) (i32.const 0x65736c61)))
      (then (return (i32.add (local.get $at) (i32.const 5)))))
    (local.set $start
      (i32.add (local.get $at) (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x2d))))
    (local.set $end (call $digitsEnd (local.get $start)))
    (if (i32.eq (local.get $end) (local.get $start)) (then (return (i32.const -1))))
    (if (i32.and
          (i32.eq (i32.load8_u (local.get $start)) (i32.const 48))
          (i32.gt_u (i32.sub (local.get $end) (local.get $start)) (i32.const 1)))
      (then (return (i32.const -1))))
    (if (i32.eq (i32.load8_u (local.get $end)) (i32.const 0x2e)) (then
      (local.set $start (i32.add (local.get $end) (i32.const 1)))
      (local.set $end (call $digitsEnd (local.get $start)))
      (if (i32.eq (local.get $end) (local.get $start)) (then (return (i32.const -1))))))
    (local.get $end))

  (func $keyEnd (param $at i32) (param $slack i32) (result i32)
    (local.set $at (call $stringEnd (local.get $at) (local.get $slack)))
    (if (i32.lt_s (local.get $at) (i32.const 0)) (then (return (i32.const -1))))
    (select (i32.add (local.get $at) (i32.const 1)) (i32.const -1)
      (i32.eq (i32.load8_u (local.get $at)) (i32.const 0x3a))))

  (func $valueEnd (export "valueEnd") (param $at i32) (param $slack i32) (result i32)
    (local $depth i32) (local $lists i32) (local $first i32) (local $isList i32)
    (loop $value
      (local.set $first (i32.load8_u (local.get $at)))
      (local.set $isList (i32.eq (local.get $first) (i32.const 0x5b)))
      (block $ended
        (if (i32.or (local.get $isList) (i32.eq (local.get $first) (i32.const 0x7b))) (then
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          ;; An opening bracket and the closing one are two apart.
          (if (i32.eq (i32.load8_u (local.get $at)) (i32.add (local.get $first) (i32.const 2))) (then
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $ended)))
          (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
          (if (i32.gt_u (local.get $depth) (i32.const 31)) (then (return (i32.const -1))))
          (local.set $lists (i32.or (i32.shl (local.get $lists) (i32.const 1)) (local.get $isList)))
          (if (i32.eqz (local.get $isList)) (then
            (local.set $at (call $keyEnd (local.get $at) (local.get $slack)))
            (if (i32.lt_s (local.get $at) (i32.const 0)) (then (return (i32.const -1))))))
          (br $value)))
        (local.set $at
          (if (result i32) (i32.eq (local.get $first) (select (i32.const 0x5c) (i32.const 0x22) (local.get $slack)))
            (then (call $stringEnd (local.get $at) (local.get $slack)))
            (else (call $scalarEnd (local.get $at)))))
        (if (i32.lt_s (local.get $at) (i32.const 0)) (then (return (i32.const -1)))))
      (loop $close
        (if (i32.eqz (local.get $depth)) (then (return (local.get $at))))
        (if (i32.eq (i32.load8_u (local.get $at))
              (select (i32.const 0x5d) (i32.const 0x7d) (i32.and (local.get $lists) (i32.const 1)))) (then
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
          (local.set $lists (i32.shr_u (local.get $lists) (i32.const 1)))
          (br $close))))
      (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 0x2c)) (then (return (i32.const -1))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $value (i32.and (local.get $lists) (i32.const 1)))
      (local.set $at (call $keyEnd (local.get $at) (local.get $slack)))
      (br_if $value (i32.ge_s (local.get $at) (i32.const 0))))
    (i32.const -1))

  ;; Where the bytes after the literal begin, or -1 where the literal does not stand there. Literals are followed by zero
  ;; bytes up to a multiple of sixteen, which fit anything.
  (func $after (param $at i32) (param $literal i32) (param $length i32) (result i32)
    (local $i i32) (local $wanted v128)
    (loop $next
      (local.set $wanted (v128.load (i32.add (local.get $literal) (local.get $i))))
      (if (i32.eqz (i8x16.all_true (v128.or
            (i8x16.eq (local.get $wanted) (v128.load (i32.add (local.get $at) (local.get $i))))
            (i8x16.eq (local.get $wanted) (v128.const i64x2 0 0)))))
        (then (return (i32.const -1))))
      (local.set $i (i32.add (local.get $i) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $length))))
    (i32.add (local.get $at) (local.get $length)))

  ;; Memory: literals to 0x1000, a scratch area to 0x1400, 32 spans of a start and an end to 0x1500, steps of programs to
  ;; 0x4000, 65,536 slots of addresses of interned bytes to 0x44000, 131,072 slots of answers to 0x144000, interned bytes to
  ;; 0x1000000, and then what is to be read.
  (global $free (mut i32) (i32.const 0x144000))
  (global $interned (mut i32) (i32.const 0))
  (global $answers (mut i32) (i32.const 0))

  (func (export "forget")
    (memory.fill (i32.const 0x4000) (i32.const 0) (i32.const 0x140000))
    (global.set $free (i32.const 0x144000))
    (global.set $interned (i32.const 0))
    (global.set $answers (i32.const 0)))

  (func $mixed (param $hash i64) (param $at i32) (result i64)
    (i64.rotl
      (i64.mul (i64.xor (local.get $hash) (i64.load (local.get $at))) (i64.const 0x9e3779b97f4a7c15))
      (i64.const 29)))

  ;; Of sixteen bytes at least, in two lanes that do not wait for each other; the last sixteen may overlap those before.
  (func $hash (param $at i32) (param $length i32) (result i32) (local $last i32) (local $one i64) (local $other i64)
    (local.set $last (i32.sub (i32.add (local.get $at) (local.get $length)) (i32.const 16)))
    (local.set $one (i64.extend_i32_u (local.get $length)))
    (loop $next
      (local.set $one (call $mixed (local.get $one) (local.get $at)))
      (local.set $other (call $mixed (local.get $other) (i32.add (local.get $at) (i32.const 8))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $last))))
    (local.set $one (call $mixed (local.get $one) (local.get $last)))
    (local.set $other (call $mixed (local.get $other) (i32.add (local.get $last) (i32.const 8))))
    (i32.wrap_i64 (i64.shr_u
      (i64.mul (i64.xor (local.get $one) (i64.rotl (local.get $other) (i64.const 32))) (i64.const 0x9e3779b97f4a7c15))
      (i64.const 32))))

  ;; The slot of these bytes, sixteen at least: a number that no others have. -1 where there is no more room.
  (func $intern (param $at i32) (param $length i32) (result i32)
    (local $slot i32) (local $entry i32) (local $size i32)
    (local.set $slot (call $hash (local.get $at) (local.get $length)))
    (loop $next
      (local.set $slot (i32.and (local.get $slot) (i32.const 0xffff)))
      (local.set $entry (i32.load offset=0x4000 (i32.shl (local.get $slot) (i32.const 2))))
      (if (local.get $entry) (then
        (if (i32.eq (i32.load (local.get $entry)) (local.get $length)) (then
          (if (i32.ge_s (call $after (local.get $at) (i32.add (local.get $entry) (i32.const 16)) (local.get $length)) (i32.const 0))
            (then (return (local.get $slot))))))
        (local.set $slot (i32.add (local.get $slot) (i32.const 1)))
        (br $next))))
    (local.set $size (i32.and (i32.add (local.get $length) (i32.const 32)) (i32.const -16)))
    (if (i32.or
          (i32.ge_u (global.get $interned) (i32.const 49152))
          (i32.gt_u (i32.add (global.get $free) (local.get $size)) (i32.const 0x1000000)))
      (then (return (i32.const -1))))
    (memory.fill (i32.sub (i32.add (global.get $free) (local.get $size)) (i32.const 16)) (i32.const 0) (i32.const 16))
    (i32.store (global.get $free) (local.get $length))
    (memory.copy (i32.add (global.get $free) (i32.const 16)) (local.get $at) (local.get $length))
    (i32.store offset=0x4000 (i32.shl (local.get $slot) (i32.const 2)) (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get $size)))
    (global.set $interned (i32.add (global.get $interned) (i32.const 1)))
    (local.get $slot))

  (func $append (param $to i32) (param $span i32) (result i32) (local $length i32)
    (local.set $length (call $lengthOf (local.get $span)))
    (memory.copy (local.get $to) (i32.load (local.get $span)) (local.get $length))
    (local.set $to (i32.add (local.get $to) (local.get $length)))
    (i32.store8 (local.get $to) (i32.const 0x2c))
    (i32.add (local.get $to) (i32.const 1)))

  (func (export "intern") (param $span i32) (result i32)
    (call $intern (i32.load (local.get $span)) (call $lengthOf (local.get $span))))

  (func $lengthOf (param $span i32) (result i32)
    (i32.sub (i32.load offset=4 (local.get $span)) (i32.load (local.get $span))))

  ;; The same for a number below 16,384 and four spans; -2 where these have more than 1,000 bytes together.
  (func (export "internFour") (param $number i32) (param $a i32) (param $b i32) (param $c i32) (param $d i32) (result i32)
    (local $to i32)
    (if (i32.gt_u
          (i32.add
            (i32.add (call $lengthOf (local.get $a)) (call $lengthOf (local.get $b)))
            (i32.add (call $lengthOf (local.get $c)) (call $lengthOf (local.get $d))))
          (i32.const 1000))
      (then (return (i32.const -2))))
    ;; Sixteen bytes first, so that there are enough: the number seven bits at a time, for none may be zero, and commas.
    (v128.store (i32.const 0x1000) (i8x16.splat (i32.const 0x2c)))
    (i32.store16 (i32.const 0x1000) (i32.or
      (i32.const 0x8080)
      (i32.or
        (i32.and (local.get $number) (i32.const 0x7f))
        (i32.shl (i32.and (local.get $number) (i32.const 0x3f80)) (i32.const 1)))))
    (local.set $to (call $append (i32.const 0x1010) (local.get $a)))
    (local.set $to (call $append (local.get $to) (local.get $b)))
    (local.set $to (call $append (local.get $to) (local.get $c)))
    (local.set $to (call $append (local.get $to) (local.get $d)))
    (call $intern (i32.const 0x1000) (i32.sub (local.get $to) (i32.const 0x1000))))

  ;; Where the answer is, or where it would be.
  (func $answerAt (param $key i64) (result i32) (local $slot i32) (local $held i64)
    (local.set $slot
      (i32.wrap_i64 (i64.shr_u (i64.mul (local.get $key) (i64.const 0x9e3779b97f4a7c15)) (i64.const 47))))
    (loop $next
      (local.set $slot (i32.and (local.get $slot) (i32.const 0x1ffff)))
      (local.set $held (i64.load offset=0x44000 (i32.shl (local.get $slot) (i32.const 3))))
      (if (i32.and
            (i64.ne (local.get $held) (i64.const 0))
            (i64.ne (i64.shr_u (local.get $held) (i64.const 3)) (local.get $key)))
        (then (local.set $slot (i32.add (local.get $slot) (i32.const 1))) (br $next))))
    (i32.add (i32.const 0x44000) (i32.shl (local.get $slot) (i32.const 3))))

  (func $keyOf (param $one i32) (param $other i32) (param $kind i32) (result i64)
    (i64.or
      (i64.extend_i32_u (local.get $one))
      (i64.or
        (i64.shl (i64.extend_i32_u (local.get $other)) (i64.const 16))
        (i64.shl (i64.extend_i32_u (local.get $kind)) (i64.const 32)))))

  (func (export "recall") (param $one i32) (param $other i32) (param $kind i32) (result i32)
    (i32.sub
      (i32.and
        (i32.wrap_i64 (i64.load (call $answerAt (call $keyOf (local.get $one) (local.get $other) (local.get $kind)))))
        (i32.const 7))
      (i32.const 1)))

  ;; Answers are 0 to 6.
  (func (export "learn") (param $one i32) (param $other i32) (param $kind i32) (param $answer i32) (result i32)
    (local $key i64)
    (if (i32.ge_u (global.get $answers) (i32.const 98304)) (then (return (i32.const 0))))
    (local.set $key (call $keyOf (local.get $one) (local.get $other) (local.get $kind)))
    (i64.store (call $answerAt (local.get $key)) (i64.or
      (i64.shl (local.get $key) (i64.const 3))
      (i64.extend_i32_u (i32.add (local.get $answer) (i32.const 1)))))
    (global.set $answers (i32.add (global.get $answers) (i32.const 1)))
    (i32.const 1))

  ;; Looks for the fifth and the ninth byte of the literal first: the first ones stand before every key.
  (func $placeOf (param $at i32) (param $end i32) (param $literal i32) (param $length i32) (result i32)
    (local $mask i32) (local $first v128) (local $last v128)
    (local.set $first (i8x16.splat (i32.load8_u offset=4 (local.get $literal))))
    (local.set $last (i8x16.splat (i32.load8_u offset=8 (local.get $literal))))
    (loop $next
      (local.set $mask (i8x16.bitmask (v128.and
        (i8x16.eq (local.get $first) (v128.load offset=4 (local.get $at)))
        (i8x16.eq (local.get $last) (v128.load offset=8 (local.get $at))))))
      (loop $candidate
        (if (local.get $mask) (then
          (if (i32.ge_s (call $after (i32.add (local.get $at) (i32.ctz (local.get $mask))) (local.get $literal) (local.get $length)) (i32.const 0))
            (then (return (i32.add (local.get $at) (i32.ctz (local.get $mask))))))
          (local.set $mask (i32.and (local.get $mask) (i32.sub (local.get $mask) (i32.const 1))))
          (br $candidate))))
      (local.set $at (i32.add (local.get $at) (i32.const 16)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (i32.const -1))

  ;; Goes through the steps of a program, of six numbers each: what to do, a literal and its length, a span, a value, and
  ;; another step. What takes a literal comes first: to take it is 0, to go to the other step unless it is there 1, to note the
  ;; value and go there if it is 2; 3 goes on behind a string that follows it, as 4 and 5, for any value, do if it is there.
  (func (export "read") (param $at i32) (param $end i32) (param $step i32) (result i32)
    (local $operation i32) (local $span i32) (local $value i32) (local $after i32)
    (memory.fill (i32.const 0x1400) (i32.const 0) (i32.const 0x100))
    (loop $next
      (local.set $operation (i32.load (local.get $step)))
      (local.set $span (i32.load offset=12 (local.get $step)))
      (local.set $value (i32.load offset=16 (local.get $step)))
      (block $go
        (block $fail
          (block $end
            (block $jump
              (block $note
                (block $close
                  (block $open
                    (block $digits
                      (block $plain
                        (block $skip
                          (block $literal
                            (br_table $literal $literal $literal $literal $literal $literal
                              $skip $plain $digits $open $close $note $jump $end $fail (local.get $operation)))
                          (local.set $after (call $after
                            (local.get $at) (i32.load offset=4 (local.get $step)) (i32.load offset=8 (local.get $step))))
                          (if (i32.lt_s (local.get $after) (i32.const 0)) (then
                            (br_if $fail (i32.or (i32.eqz (local.get $operation)) (i32.eq (local.get $operation) (i32.const 3))))
                            (br_if $jump (i32.eq (local.get $operation) (i32.const 1)))
                            (br $go)))
                          (local.set $at (local.get $after))
                          (br_if $go (i32.le_u (local.get $operation) (i32.const 1)))
                          (if (i32.eq (local.get $operation) (i32.const 2)) (then
                            (i32.store (local.get $span) (local.get $value))
                            (br $jump)))
                          (i32.store (local.get $span) (local.get $at))
                          (local.set $at
                            (if (result i32) (i32.eq (local.get $operation) (i32.const 5))
                              (then (call $valueEnd (local.get $at) (local.get $value)))
                              (else (call $stringEnd (local.get $at) (local.get $value)))))
                          (br_if $fail (i32.lt_s (local.get $at) (i32.const 0)))
                          (i32.store offset=4 (local.get $span) (local.get $at))
                          (br $go))
                        (local.set $after (i32.add (local.get $at) (local.get $value)))
                        (local.set $at (call $placeOf
                          (local.get $at)
                          (select (local.get $end) (local.get $after) (i32.lt_u (local.get $end) (local.get $after)))
                          (i32.load offset=4 (local.get $step)) (i32.load offset=8 (local.get $step))))
                        (br_if $go (i32.ge_s (local.get $at) (i32.const 0)))
                        (br $fail))
                      (local.set $at (call $plainStringEnd (local.get $at) (local.get $value)))
                      (br_if $go (i32.ge_s (local.get $at) (i32.const 0)))
                      (br $fail))
                    (local.set $after (i32.add (local.get $at) (i32.const 3)))
                    (local.set $value (i32.const 0))
                    (loop $digit
                      (local.set $operation (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
                      (br_if $fail (i32.ge_u (local.get $operation) (i32.const 10)))
                      (local.set $value (i32.add (i32.mul (local.get $value) (i32.const 10)) (local.get $operation)))
                      (local.set $at (i32.add (local.get $at) (i32.const 1)))
                      (br_if $digit (i32.lt_u (local.get $at) (local.get $after))))
                    (br_if $fail (i32.lt_u (local.get $value) (i32.const 100)))
                    (br $note))
                  (i32.store (local.get $span) (local.get $at))
                  (br $go))
                (i32.store offset=4 (local.get $span) (local.get $at))
                (br $go))
              (i32.store (local.get $span) (local.get $value))
              (br $go))
            (local.set $step (i32.load offset=20 (local.get $step)))
            (br $next))
          (return (local.get $at)))
        (return (i32.const -1)))
      (local.set $step (i32.add (local.get $step) (i32.const 24)))
      (br $next))
    (unreachable))
)
