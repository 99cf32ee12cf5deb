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
 * Counts in Redis first, and takes the count back whenever no coupon comes of it. A user who asks between a duplicate's INCR and its
 * DECR may be refused while a coupon is left; that takes three requests at once.
 */
@Service("incr-compensate")
public class IncrCompensate implements CouponService {
    private final CouponRepository coupons;
    private final StringRedisTemplate redis;
    private final Limit limit;

    IncrCompensate(CouponRepository coupons, StringRedisTemplate redis, Limit limit) {
        this.coupons = coupons;
        this.redis = redis;
        this.limit = limit;
    }

    @Override
    public int claim(long userId) {
        String key = Tables.key("issued");
        if (redis.opsForValue().increment(key) > limit.get()) {
            redis.opsForValue().decrement(key);
            return SOLD_OUT;
        }
        try {
            coupons.save(new Coupon(userId));
        } catch (DataIntegrityViolationException duplicate) {
            redis.opsForValue().decrement(key);
            return DUPLICATE;
        }
        return ISSUED;
    }
}
