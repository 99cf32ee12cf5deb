//! The answers of the ports, as a schedule shows them.

use crate::{
    model::interleaving::{Call, CallFault, Observation},
    ports::{
        Acknowledgement, Batch, CouponId, Effect, EventRow, Guard, PortError, Result, Transaction,
        UserId,
    },
};

/// An answer of a port that a schedule can show.
pub trait Observable: Send + Sized {
    /// The answer as a schedule shows it.
    fn observation(&self) -> Observation;

    /// The answer of a call with this fault; `None` where the call itself fails.
    fn after(_: CallFault) -> Option<Self> {
        None
    }
}

/// The observation of an answer or an error.
pub fn observation_of<T: Observable>(answer: &Result<T>) -> Observation {
    match answer {
        Ok(answer) => answer.observation(),
        Err(error) => Observation::Failed(error.message.clone()),
    }
}

/// The number of new rows.
pub struct NewRows<T>(pub T);

impl Observable for NewRows<bool> {
    fn observation(&self) -> Observation {
        Observation::New(self.0.into())
    }
}

impl Observable for NewRows<u64> {
    fn observation(&self) -> Observation {
        Observation::New(self.0)
    }
}

/// Whether the key was free.
pub struct Free(pub bool);

impl Observable for Free {
    fn observation(&self) -> Observation {
        Observation::Set(self.0)
    }
}

/// Whether the number of members has changed. Redis answers 1 or 0.
pub struct Member(pub bool);

impl Observable for Member {
    fn observation(&self) -> Observation {
        Observation::Number(Some(self.0.into()))
    }
}

/// Answers without a value.
macro_rules! done {
    ($($type:ty),*) => {$(
        impl Observable for $type {
            fn observation(&self) -> Observation {
                Observation::Done
            }
        }
    )*};
}
done!((), Box<dyn Transaction>, Guard);

impl Observable for Acknowledgement {
    fn observation(&self) -> Observation {
        Observation::Done
    }

    /// The producer has accepted the record. Its delivery fails later.
    fn after(fault: CallFault) -> Option<Self> {
        let (effect, message) = match fault {
            CallFault::Undelivered => (Effect::None, "refused"),
            CallFault::NoAnswer | CallFault::AnswerLost => (Effect::Unknown, "no answer"),
            CallFault::Refused | CallFault::Repeated => return None,
        };
        let step = Call::Produce(UserId(0)).name();
        Some(Self::new(async move {
            Err(PortError::new(step, effect, message))
        }))
    }
}

impl Observable for bool {
    fn observation(&self) -> Observation {
        Observation::Changed(*self)
    }
}

impl Observable for u64 {
    fn observation(&self) -> Observation {
        Observation::Count(*self)
    }
}

impl Observable for i64 {
    fn observation(&self) -> Observation {
        Observation::Number(Some(*self))
    }
}

impl Observable for Option<i64> {
    fn observation(&self) -> Observation {
        Observation::Number(*self)
    }
}

impl Observable for EventRow {
    fn observation(&self) -> Observation {
        Observation::Event(*self)
    }
}

impl Observable for Option<CouponId> {
    fn observation(&self) -> Observation {
        Observation::Coupon(*self)
    }
}

impl Observable for Option<Batch> {
    fn observation(&self) -> Observation {
        match self {
            Some(batch) => Observation::Records(batch.users()),
            None => Observation::Over,
        }
    }
}
