using Lab.Time;

namespace Lab.Measure;

/// <summary>The schedule of a fixed-rate actor: the k-th step is meant to start at base + k * interval, whatever became of the
/// steps before it. Nothing is skipped: an actor that fell behind finds its next start in the past and steps at once. Belongs to
/// the actor's thread. Times are clock ticks.</summary>
internal sealed class Pacer
{
    // Sleeping ends this much early, and the rest is spun: about the time a wake-up takes.
    private const long SpinNanoseconds = 60_000;

    // The longest that a waiting actor is deaf to the end of the run, and to the watchdog.
    private const long SliceNanoseconds = 20_000_000;

    private readonly Clock _clock;
    private readonly double _intervalTicks;
    private readonly long _spinTicks;
    private long _baseTicks;
    private long _index;

    public Pacer(Clock clock, double ratePerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ratePerSecond);
        _clock = clock;
        _intervalTicks = clock.Info.FrequencyHz / ratePerSecond;
        _spinTicks = clock.ToTicks(SpinNanoseconds);
    }

    /// <summary>When the next step is meant to start.</summary>
    public long NextTicks => StartOf(_index);

    /// <summary>Restarts the schedule: the next step is meant to start at the given time.</summary>
    public void StartAt(long ticks)
    {
        _baseTicks = ticks;
        _index = 0;
    }

    /// <summary>The next start, which from now on is the one after it.</summary>
    public long TakeNext()
    {
        long next = NextTicks;
        _index++;
        return next;
    }

    /// <summary>How many starts of this schedule, from the next one on, lie before a time not far from now.</summary>
    public long OwedBefore(long ticks)
    {
        long first = Math.Max(_index, (long)((ticks - _baseTicks) / _intervalTicks) - 1);
        while (StartOf(first) < ticks) // at most three rounds: the division is off by one at most
        {
            first++;
        }
        return first - _index;
    }

    /// <summary>Waits towards the next start for at most one slice and returns the time. Sleeps when there is time to, and spins
    /// the last stretch.</summary>
    public long WaitSlice(long untilTicks)
    {
        long now = _clock.Ticks();
        long left = untilTicks - now;
        if (left <= 0) return now;
        if (left > _spinTicks)
        {
            ThreadPlacement.Sleep(Math.Min(_clock.ToNanoseconds(left - _spinTicks), SliceNanoseconds));
            return _clock.Ticks();
        }

        while ((now = _clock.Ticks()) < untilTicks) Thread.SpinWait(1);
        return now;
    }

    /// <summary>Rounded up, so that a window of exactly n intervals, whose end is rounded down, holds n starts.</summary>
    private long StartOf(long index) => _baseTicks + (long)Math.Ceiling(index * _intervalTicks);
}
