package coupon;

/** A kind: its bean has the kind's name. */
public interface CouponService {
    int ISSUED = 201;
    int DUPLICATE = 409;
    int SOLD_OUT = 410;

    /** Answers with an HTTP status. */
    int claim(long userId);
}
