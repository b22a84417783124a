//! Tasks of the runtime.

use crate::io::source::Later;

/// A future as it is spawned. What runs and ends a task is in the program once for each type that is spawned, 1.2 kB each: of
/// boxed futures there is one for each result.
pub fn boxed<T>(future: impl Future<Output = T> + Send + 'static) -> Later<'static, T> {
    Box::pin(future)
}
