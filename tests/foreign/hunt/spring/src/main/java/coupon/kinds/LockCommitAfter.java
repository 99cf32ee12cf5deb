package coupon.kinds;

import coupon.Coupon;
import coupon.CouponRepository;
import coupon.CouponService;
import coupon.Limit;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/**
 * {@code synchronized} on a transactional method: Spring's proxy begins and commits around the method, so the lock is released
 * before COMMIT, and the next request counts without the first one's row.
 */
@Service("lock-commit-after")
public class LockCommitAfter implements CouponService {
    private final CouponRepository coupons;
    private final Limit limit;

    LockCommitAfter(CouponRepository coupons, Limit limit) {
        this.coupons = coupons;
        this.limit = limit;
    }

    @Override
    @Transactional
    public synchronized int claim(long userId) {
        if (coupons.count() >= limit.get()) {
            return SOLD_OUT;
        }
        coupons.save(new Coupon(userId));
        return ISSUED;
    }
}
