//! What holds at every size and in every state.
