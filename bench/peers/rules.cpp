// The five rules of peers/README.md over NDJSON; prints how many events meet each.
#include <iostream>
#include <simdjson.h>
#include <string_view>

using namespace simdjson;
using std::string_view;

static string_view text(simdjson_result<dom::element> value) {
  string_view found;
  return value.get(found) ? string_view() : found;
}

int main(int, char **arguments) {
  constexpr size_t MAX_EVENT_BYTES = 4 << 20;
  dom::parser parser;
  dom::document_stream events;
  if (auto error = parser.load_many(arguments[1], MAX_EVENT_BYTES).get(events)) {
    std::cerr << error << '\n';
    return 1;
  }
  size_t met[5] = {};
  for (auto event : events) {
    dom::element ref;
    if (text(event["stage"]) != "ResponseComplete" || event["objectRef"].get(ref)) continue;
    const auto verb = text(event["verb"]), resource = text(ref["resource"]), subresource = text(ref["subresource"]);
    const auto user = text(event["user"]["username"]);
    int64_t code;
    if (event["responseStatus"]["code"].get(code)) code = 999;

    if (resource == "pods" && subresource == "exec" && code < 400) met[0]++;
    if (user == "system:anonymous" && code < 400) met[1]++;
    const bool writes = verb == "create" || verb == "update" || verb == "patch";
    if (resource == "clusterrolebindings" && writes && code < 300 &&
        text(event["responseObject"]["roleRef"]["name"]) == "cluster-admin")
      met[2]++;
    dom::array containers;
    if (resource == "pods" && subresource.empty() && verb == "create" && code < 300 &&
        !event["responseObject"]["spec"]["containers"].get(containers)) {
      for (auto container : containers) {
        bool privileged;
        if (!container["securityContext"]["privileged"].get(privileged) && privileged) {
          met[3]++;
          break;
        }
      }
    }
    const bool everywhere = ref["namespace"].error() == NO_SUCH_FIELD;
    if (resource == "secrets" && verb == "list" && everywhere && code < 300 && user.substr(0, 7) != "system:") met[4]++;
  }
  std::cout << '[' << met[0] << ',' << met[1] << ',' << met[2] << ',' << met[3] << ',' << met[4] << "]\n";
}
