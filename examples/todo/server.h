// The web app: routes, and what each does by hand with telemetry.
#pragma once

#include <httplib.h>

#include "todo/tasks.h"

namespace todo {

// Adds the app's routes to the server. `tasks` outlives it.
void add_routes(httplib::Server& server, Tasks& tasks);

}  // namespace todo
