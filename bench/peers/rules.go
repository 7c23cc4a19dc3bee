// The five rules of peers/README.md over NDJSON; prints how many events meet each.
package main

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"

	"github.com/valyala/fastjson"
)

const maxLine = 64 << 20

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<20), maxLine)
	var parser fastjson.Parser
	var met [5]int
	for lines.Scan() {
		event, err := parser.ParseBytes(lines.Bytes())
		if err != nil {
			panic(err)
		}
		judge(event, &met)
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
	json.NewEncoder(os.Stdout).Encode(met)
}

func judge(event *fastjson.Value, met *[5]int) {
	ref := event.Get("objectRef")
	if text(event, "stage") != "ResponseComplete" || ref == nil {
		return
	}
	verb, resource, subresource := text(event, "verb"), text(ref, "resource"), text(ref, "subresource")
	user := text(event, "user", "username")
	code := 999
	if status := event.Get("responseStatus", "code"); status != nil {
		code = status.GetInt()
	}
	if resource == "pods" && subresource == "exec" && code < 400 {
		met[0]++
	}
	if user == "system:anonymous" && code < 400 {
		met[1]++
	}
	writes := verb == "create" || verb == "update" || verb == "patch"
	if resource == "clusterrolebindings" && writes && code < 300 &&
		text(event, "responseObject", "roleRef", "name") == "cluster-admin" {
		met[2]++
	}
	if resource == "pods" && subresource == "" && verb == "create" && code < 300 {
		for _, container := range event.GetArray("responseObject", "spec", "containers") {
			if container.GetBool("securityContext", "privileged") {
				met[3]++
				break
			}
		}
	}
	if resource == "secrets" && verb == "list" && ref.Get("namespace") == nil && code < 300 &&
		!strings.HasPrefix(user, "system:") {
		met[4]++
	}
}

func text(value *fastjson.Value, path ...string) string {
	return string(value.GetStringBytes(path...))
}
