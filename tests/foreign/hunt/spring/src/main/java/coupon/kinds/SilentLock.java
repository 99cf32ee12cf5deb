package coupon.kinds;

import coupon.CouponService;
import org.springframework.stereotype.Service;

/** {@code synchronized} around the call of the transactional method, COMMIT included. A waiting request sends nothing. */
@Service("silent-lock")
public class SilentLock implements CouponService {
    private final CountInsert transactional;

    SilentLock(CountInsert transactional) {
        this.transactional = transactional;
    }

    @Override
    public synchronized int claim(long userId) {
        return transactional.claim(userId);
    }
}
