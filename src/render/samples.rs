//! The histograms of a report, read back from their text.

use crate::model::report::Distribution;
use crate::text::durations::Durations;

/// All samples of these distributions together. One that cannot be read has none: a report from a file may hold anything.
pub(super) fn merged<'a>(distributions: impl IntoIterator<Item = &'a Distribution>) -> Durations {
    let mut all = Durations::default();
    for distribution in distributions {
        let read = distribution.hdr.as_deref().and_then(Durations::decoded);
        all.add(&read.unwrap_or_default());
    }
    all
}
