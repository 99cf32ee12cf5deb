package coupon.kinds;

import coupon.Coupon;
import coupon.CouponRepository;
import coupon.CouponService;
import coupon.Limit;
import org.springframework.stereotype.Service;

/** Counts, then inserts, each in a transaction of its own, and Hikari has one connection: it does not tell whose a statement is. */
@Service("pool-of-one")
public class PoolOfOne implements CouponService {
    private final CouponRepository coupons;
    private final Limit limit;

    PoolOfOne(CouponRepository coupons, Limit limit) {
        this.coupons = coupons;
        this.limit = limit;
    }

    @Override
    public int claim(long userId) {
        if (coupons.count() >= limit.get()) {
            return SOLD_OUT;
        }
        coupons.save(new Coupon(userId));
        return ISSUED;
    }
}
