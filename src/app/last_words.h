// What is said when nothing can be done any more.
#pragma once

namespace kolben::app {

// From now on an exception that nobody catches, for lack of memory or threads say, ends the program
// with a sentence that names the reason. What was acknowledged is on disk: the next start has it.
void say_last_words();

}  // namespace kolben::app
