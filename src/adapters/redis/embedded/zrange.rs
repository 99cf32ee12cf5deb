//! Ranges of sorted sets: `ZCOUNT` and `ZRANGE` by rank or score. `BYLEX` is left out.

use bytes::Bytes;

use super::{
    command::{Context, Kind::Read, Spec, spec},
    number,
    reply::{Outcome, Reply, errors},
    wire::Resp,
    zset::SortedSet,
};

pub(super) const COMMANDS: &[Spec] = &[
    spec("zcount", 4, Read, zcount),
    spec("zrange", -4, Read, zrange),
];

const NOT_A_BOUND: Reply = Reply::error("ERR min or max is not a float");

/// One end of a score range.
#[derive(Clone, Copy)]
struct Bound {
    score: f64,
    exclusive: bool,
}

impl Bound {
    fn parse(text: &[u8]) -> Result<Self, Reply> {
        let (exclusive, number) = match text {
            [b'(', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        let number = std::str::from_utf8(number)
            .map_err(|_| NOT_A_BOUND)?
            .trim_ascii_start();
        // Redis calls strtod here, which reads nothing as zero and overflow as infinity.
        let score = if number.is_empty() {
            0.0
        } else {
            number.parse().map_err(|_| NOT_A_BOUND)?
        };
        if f64::is_nan(score) {
            return Err(NOT_A_BOUND);
        }
        Ok(Self { score, exclusive })
    }

    fn is_above(self, score: f64) -> bool {
        score < self.score || (self.exclusive && score <= self.score)
    }

    fn is_below(self, score: f64) -> bool {
        score > self.score || (self.exclusive && score >= self.score)
    }
}

/// The ranks between two bounds, the end excluded.
fn ranks_between(set: &SortedSet, min: Bound, max: Bound) -> (usize, usize) {
    let start = set.count_before(|item| min.is_above(item.0));
    let end = set.count_before(|item| !max.is_below(item.0));
    (start, end.max(start))
}

fn zcount(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let (min, max) = (Bound::parse(&args[1])?, Bound::parse(&args[2])?);
    let Some(set) = ctx.db().sorted_of(&args[0])? else {
        return Ok(Reply::Int(0));
    };
    let (start, end) = ranks_between(set, min, max);
    Ok(Reply::count(end - start))
}

/// Options of `ZRANGE`.
#[derive(Default)]
struct RangeOptions {
    by_score: bool,
    reverse: bool,
    with_scores: bool,
    limit: Option<(i64, i64)>,
}

impl RangeOptions {
    fn parse(args: &[Bytes]) -> Result<Self, Reply> {
        let mut options = Self::default();
        let mut rest = args;
        while let Some((option, after)) = rest.split_first() {
            rest = after;
            match (option.to_ascii_lowercase().as_slice(), after) {
                (b"withscores", _) => options.with_scores = true,
                (b"rev", _) if !options.reverse => options.reverse = true,
                (b"byscore", _) if !options.by_score => options.by_score = true,
                (b"limit", [offset, count, after @ ..]) => {
                    options.limit = Some((integer(offset)?, integer(count)?));
                    rest = after;
                }
                _ => return Err(errors::SYNTAX),
            }
        }
        // A count of -1 is Redis's default, so such a LIMIT counts as none.
        if options.limit.is_some_and(|(_, count)| count != -1) && !options.by_score {
            return Err(Reply::error(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        Ok(options)
    }
}

/// What `ZRANGE` selects.
enum Range {
    Indexes(i64, i64),
    Scores(Bound, Bound),
}

impl Range {
    fn parse(first: &[u8], second: &[u8], options: &RangeOptions) -> Result<Self, Reply> {
        if !options.by_score {
            return Ok(Self::Indexes(integer(first)?, integer(second)?));
        }
        // In reverse, the maximum comes first.
        let (min, max) = if options.reverse {
            (second, first)
        } else {
            (first, second)
        };
        Ok(Self::Scores(Bound::parse(min)?, Bound::parse(max)?))
    }

    fn ranks(&self, set: &SortedSet) -> (usize, usize) {
        match *self {
            Self::Indexes(start, stop) => ranks_of_indexes(set.len(), start, stop),
            Self::Scores(min, max) => ranks_between(set, min, max),
        }
    }
}

fn integer(text: &[u8]) -> Result<i64, Reply> {
    number::parse_int(text).ok_or(errors::NOT_INTEGER)
}

fn zrange(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let options = RangeOptions::parse(&args[3..])?;
    let resp = ctx.session.resp;
    let range = Range::parse(&args[1], &args[2], &options)?;
    let Some(set) = ctx.db().sorted_of(&args[0])? else {
        return Ok(Reply::Array(Vec::new()));
    };
    let (mut start, mut end) = range.ranks(set);
    if options.reverse && !options.by_score {
        (start, end) = (set.len() - end, set.len() - start);
    }
    let (start, end) = limited(start, end, &options);
    Ok(items(set, start, end, &options, resp))
}

/// Ranks for indexes that may count from the end, the end excluded.
fn ranks_of_indexes(len: usize, start: i64, stop: i64) -> (usize, usize) {
    let signed = i64::try_from(len).unwrap_or(i64::MAX);
    let absolute = |index: i64| if index < 0 { index + signed } else { index };
    let start = absolute(start).max(0);
    let stop = absolute(stop).min(signed - 1);
    if start > stop {
        return (0, 0);
    }
    let rank = |index: i64| usize::try_from(index).unwrap_or_default();
    (rank(start), rank(stop + 1))
}

/// Applies `LIMIT`, which counts in the direction of travel; a negative offset selects nothing.
fn limited(start: usize, end: usize, options: &RangeOptions) -> (usize, usize) {
    let Some((offset, count)) = options.limit.filter(|_| options.by_score) else {
        return (start, end);
    };
    let Ok(offset) = usize::try_from(offset) else {
        return (start, start);
    };
    let skip = offset.min(end - start);
    let take = usize::try_from(count)
        .unwrap_or(usize::MAX)
        .min(end - start - skip);
    if options.reverse {
        (end - skip - take, end - skip)
    } else {
        (start + skip, start + skip + take)
    }
}

fn items(set: &SortedSet, start: usize, end: usize, options: &RangeOptions, resp: Resp) -> Reply {
    let mut found: Vec<_> = set.iter_from(start).take(end - start).collect();
    if options.reverse {
        found.reverse();
    }
    if !options.with_scores {
        return Reply::Array(found.into_iter().map(|(m, _)| Reply::bulk(m)).collect());
    }
    let pairs = found
        .into_iter()
        .map(|(member, score)| [Reply::bulk(member), Reply::Double(score)]);
    Reply::Array(match resp {
        Resp::V2 => pairs.flatten().collect(),
        Resp::V3 => pairs.map(|pair| Reply::Array(pair.into())).collect(),
    })
}
