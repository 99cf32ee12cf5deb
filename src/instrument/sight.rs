//! What a port answers, as it is shown in a schedule.

use crate::{
    model::interleaving::{Call, CallFault, Saw},
    ports::{
        Acknowledgement, Batch, CouponId, Effect, EventRow, Guard, PortError, Result, Transaction,
        UserId,
    },
};

/// What a port answers, as far as it can be shown.
pub trait Sight: Send + Sized {
    /// In a schedule.
    fn saw(&self) -> Saw;

    /// The answer with which this fault begins; `None` where the call itself fails.
    fn after(_: CallFault) -> Option<Self> {
        None
    }
}

/// An answer or an error.
pub fn saw<T: Sight>(answer: &Result<T>) -> Saw {
    match answer {
        Ok(answer) => answer.saw(),
        Err(error) => Saw::Failed(error.message.clone()),
    }
}

/// How many of the rows are new.
pub struct NewRows<T>(pub T);

impl Sight for NewRows<bool> {
    fn saw(&self) -> Saw {
        Saw::New(self.0.into())
    }
}

impl Sight for NewRows<u64> {
    fn saw(&self) -> Saw {
        Saw::New(self.0)
    }
}

/// Whether the key was free.
pub struct Free(pub bool);

impl Sight for Free {
    fn saw(&self) -> Saw {
        Saw::Set(self.0)
    }
}

/// Whether the user is one more, or one less: Redis says 1 or 0.
pub struct Member(pub bool);

impl Sight for Member {
    fn saw(&self) -> Saw {
        Saw::Number(Some(self.0.into()))
    }
}

/// Answers that say nothing but that it is done.
macro_rules! done {
    ($($type:ty),*) => {$(
        impl Sight for $type {
            fn saw(&self) -> Saw {
                Saw::Done
            }
        }
    )*};
}
done!((), Box<dyn Transaction>, Guard);

impl Sight for Acknowledgement {
    fn saw(&self) -> Saw {
        Saw::Done
    }

    /// The producer has taken the record; what became of it, it hears later.
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

impl Sight for bool {
    fn saw(&self) -> Saw {
        Saw::Changed(*self)
    }
}

impl Sight for u64 {
    fn saw(&self) -> Saw {
        Saw::Count(*self)
    }
}

impl Sight for i64 {
    fn saw(&self) -> Saw {
        Saw::Number(Some(*self))
    }
}

impl Sight for Option<i64> {
    fn saw(&self) -> Saw {
        Saw::Number(*self)
    }
}

impl Sight for EventRow {
    fn saw(&self) -> Saw {
        Saw::Event(*self)
    }
}

impl Sight for Option<CouponId> {
    fn saw(&self) -> Saw {
        Saw::Coupon(*self)
    }
}

impl Sight for Option<Batch> {
    fn saw(&self) -> Saw {
        match self {
            Some(batch) => Saw::Records(batch.users()),
            None => Saw::Over,
        }
    }
}
