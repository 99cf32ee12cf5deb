package coupon.kinds;

import coupon.Coupon;
import coupon.CouponRepository;
import coupon.CouponService;
import coupon.Limit;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** Counts, then inserts: two requests that count before either inserts both get a coupon. */
@Service("count-insert")
public class CountInsert implements CouponService {
    private final CouponRepository coupons;
    private final Limit limit;

    CountInsert(CouponRepository coupons, Limit limit) {
        this.coupons = coupons;
        this.limit = limit;
    }

    @Override
    @Transactional
    public int claim(long userId) {
        if (coupons.count() >= limit.get()) {
            return SOLD_OUT;
        }
        coupons.save(new Coupon(userId));
        return ISSUED;
    }
}
