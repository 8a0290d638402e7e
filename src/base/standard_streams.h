// Standard input, output and error exist, whatever the parent has closed.
#pragma once

namespace kolben {

// Opens /dev/null in the place of each that is closed. First thing in main(): otherwise the next
// file or socket gets the number of the closed one, and messages for people are written into it.
void open_standard_streams();

}  // namespace kolben
