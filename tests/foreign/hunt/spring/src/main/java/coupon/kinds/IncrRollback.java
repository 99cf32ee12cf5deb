package coupon.kinds;

import coupon.Coupon;
import coupon.CouponRepository;
import coupon.CouponService;
import coupon.Limit;
import coupon.Tables;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.stereotype.Service;

/**
 * Counts in Redis before the INSERT that can fail: after a duplicate the counter is one too high, and one coupon is never issued. It
 * shows when at least two coupons are left, the same user asks twice at once, and other users ask afterwards.
 */
@Service("incr-rollback")
public class IncrRollback implements CouponService {
    private final CouponRepository coupons;
    private final StringRedisTemplate redis;
    private final Limit limit;

    IncrRollback(CouponRepository coupons, StringRedisTemplate redis, Limit limit) {
        this.coupons = coupons;
        this.redis = redis;
        this.limit = limit;
    }

    @Override
    public int claim(long userId) {
        if (coupons.existsByUserId(userId)) {
            return DUPLICATE;
        }
        if (redis.opsForValue().increment(Tables.key("issued")) > limit.get()) {
            return SOLD_OUT;
        }
        try {
            // A transaction of its own, which is rolled back.
            coupons.save(new Coupon(userId));
        } catch (DataIntegrityViolationException duplicate) {
            return DUPLICATE;
        }
        return ISSUED;
    }
}
