// What an answer of Kafka to Produce and Fetch says of errors: of the request as a whole, and of
// its partitions up to the first that has one; and of Fetch what was read: the topics' names, the
// transactions that were aborted, and the records (records.h). Freestanding.
#pragma once

#include <cstdint>

#include "agent/protocols/kafka/framing.h"

namespace kolben::agent::kafka {

// After an answer's header: it is to such a request.
void answers(KafkaSide& side, std::uint16_t api, std::uint16_t version, Event* event);
void answer_step_complete(KafkaSide& side, Step step, Event* event);
// Behind a partition's records.
void after_records_of_answer(KafkaSide& side, Event* event);
// Of an answer's steps: what it holds does not leave the program.
bool hides(const KafkaSide& side, Step step);

}  // namespace kolben::agent::kafka
