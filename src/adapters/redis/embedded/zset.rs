//! A sorted set: a map from member to score beside the members in order.
//!
//! The order is a list of short sorted chunks, so that inserting moves little and a rank is a sum over
//! chunk lengths; a plain B-tree would have to walk to find a rank.

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use rustc_hash::FxBuildHasher;

/// A chunk is split in two when it grows past this.
const CHUNK: usize = 512;

type Item = (f64, Arc<[u8]>);

/// Members with scores, ordered by score, then by member.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SortedSet {
    scores: HashMap<Arc<[u8]>, f64, FxBuildHasher>,
    chunks: Vec<Vec<Item>>,
}

impl SortedSet {
    pub(super) fn len(&self) -> usize {
        self.scores.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    pub(super) fn score(&self, member: &[u8]) -> Option<f64> {
        self.scores.get(member).copied()
    }

    /// Sets a member's score, adding the member when it is new.
    pub(super) fn insert(&mut self, member: &[u8], score: f64) {
        // Redis keeps whole scores as integers where a set is small, and integers have no -0.
        let score = score + 0.0;
        let member = if let Some((known, old)) = self.scores.remove_entry(member) {
            self.unlink(&known, old);
            known
        } else {
            Arc::from(member)
        };
        self.link(Arc::clone(&member), score);
        self.scores.insert(member, score);
    }

    /// Removes a member; whether it was there.
    pub(super) fn remove(&mut self, member: &[u8]) -> bool {
        let Some((known, score)) = self.scores.remove_entry(member) else {
            return false;
        };
        self.unlink(&known, score);
        true
    }

    /// How many members come before this one.
    pub(super) fn rank(&self, member: &[u8]) -> Option<usize> {
        let score = self.score(member)?;
        Some(self.count_before(|item| compare(item, score, member) == Ordering::Less))
    }

    /// How many members satisfy a predicate that holds for a prefix of the order.
    pub(super) fn count_before(&self, before: impl Fn(&Item) -> bool) -> usize {
        let chunk = self
            .chunks
            .partition_point(|c| c.last().is_some_and(&before));
        let whole: usize = self.chunks[..chunk].iter().map(Vec::len).sum();
        whole
            + self
                .chunks
                .get(chunk)
                .map_or(0, |c| c.partition_point(&before))
    }

    /// The members from rank `start` on, in order.
    pub(super) fn iter_from(&self, start: usize) -> impl Iterator<Item = (&[u8], f64)> {
        let mut skip = start;
        let first = self
            .chunks
            .iter()
            .position(|c| {
                let here = skip < c.len();
                if !here {
                    skip -= c.len();
                }
                here
            })
            .unwrap_or(self.chunks.len());
        self.chunks[first..]
            .iter()
            .flatten()
            .skip(skip)
            .map(|(score, member)| (&**member, *score))
    }

    fn chunk_for(&self, score: f64, member: &[u8]) -> usize {
        self.chunks.partition_point(|c| {
            c.last()
                .is_some_and(|last| compare(last, score, member) == Ordering::Less)
        })
    }

    fn link(&mut self, member: Arc<[u8]>, score: f64) {
        if self.chunks.is_empty() {
            self.chunks.push(Vec::new());
        }
        let index = self.chunk_for(score, &member).min(self.chunks.len() - 1);
        let chunk = &mut self.chunks[index];
        let at = chunk.partition_point(|item| compare(item, score, &member) == Ordering::Less);
        chunk.insert(at, (score, member));
        if chunk.len() > CHUNK {
            // Appending in order is the common case (scores are arrival times): leave those chunks full.
            let keep = if at == CHUNK { CHUNK } else { CHUNK / 2 };
            let tail = chunk.split_off(keep);
            self.chunks.insert(index + 1, tail);
        }
    }

    fn unlink(&mut self, member: &[u8], score: f64) {
        let index = self.chunk_for(score, member);
        let Some(chunk) = self.chunks.get_mut(index) else {
            return;
        };
        let at = chunk.partition_point(|item| compare(item, score, member) == Ordering::Less);
        if at < chunk.len() {
            chunk.remove(at);
        }
        if chunk.is_empty() {
            self.chunks.remove(index);
        }
    }
}

fn compare(item: &Item, score: f64, member: &[u8]) -> Ordering {
    // Scores are never NaN, so the fallback is not reached; and -0 equals 0, as in Redis.
    item.0
        .partial_cmp(&score)
        .unwrap_or(Ordering::Equal)
        .then_with(|| (*item.1).cmp(member))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::SortedSet;

    #[test]
    fn a_score_is_never_minus_zero() {
        let mut set = SortedSet::default();
        set.insert(b"m", 1.0);
        set.insert(b"m", -0.0);
        assert!(set.score(b"m").is_some_and(f64::is_sign_positive));
    }

    #[test]
    fn ranks_agree_with_a_sorted_list() {
        let mut set = SortedSet::default();
        let mut list = Vec::new();
        for i in 0..5_000_u32 {
            let (score, member) = (f64::from(i * 7919 % 1009), format!("m{i}"));
            set.insert(member.as_bytes(), score);
            list.push((score, member));
        }
        for i in (0..5_000).step_by(3) {
            assert!(set.remove(format!("m{i}").as_bytes()));
        }
        list.retain(|(_, m)| m[1..].parse::<u32>().unwrap() % 3 != 0);
        list.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(set.len(), list.len());
        for (rank, (_, member)) in list.iter().enumerate() {
            assert_eq!(set.rank(member.as_bytes()), Some(rank));
        }
        let tail: Vec<_> = set.iter_from(3_000).map(|(m, _)| m.to_vec()).collect();
        let expected: Vec<_> = list[3_000..]
            .iter()
            .map(|(_, m)| m.clone().into_bytes())
            .collect();
        assert_eq!(tail, expected);
        assert_eq!(set.iter_from(set.len()).count(), 0);
    }
}
