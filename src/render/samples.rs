//! The histograms of a report, decoded from text.

use crate::{model::report::Distribution, text::durations::Durations};

/// All samples of these distributions together. Text that is no histogram has no samples: a report from a file may hold any text.
pub(super) fn merged<'a>(distributions: impl IntoIterator<Item = &'a Distribution>) -> Durations {
    let mut all = Durations::default();
    for distribution in distributions {
        let read = distribution.hdr.as_deref().and_then(Durations::decoded);
        all.add(&read.unwrap_or_default());
    }
    all
}
