using Lab.Time;

namespace Lab.Measure;

/// <summary>Wakes the calling thread at moments fixed in advance, and says how late. An ordinary thread, or one of SCHED_FIFO
/// from <see cref="Begin"/> to <see cref="End"/>. Used by one thread alone.</summary>
/// <param name="fifoPriority">Null for an ordinary thread.</param>
public sealed class Alarm(int? fifoPriority = null)
{
    private readonly SchedulingClass? _realTime = fifoPriority is { } priority ? new SchedulingClass(priority) : null;

    /// <summary>Why no thread of this process may be of that priority, a sentence with the remedy; null if it may. Tried on the
    /// calling thread, which is ordinary again on return.</summary>
    public static string? WhyNotRealTime(string actor, int priority)
    {
        SchedulingClass tried = new(priority);
        tried.Raise();
        tried.Lower();
        return tried.Refusal == 0 ? null : tried.Sentence(actor);
    }

    /// <summary>The present moment, on the kernel's own reading of CLOCK_MONOTONIC: it is the kernel that keeps the time to wake
    /// at.</summary>
    public static long Now => Clock.MonotonicNanoseconds();

    public void Begin()
    {
        ThreadPlacement.WakeExactly();
        _realTime?.Raise();
    }

    /// <summary>Sleeps until the moment on the CLOCK_MONOTONIC line, if it is not past yet; nanoseconds from then until the
    /// thread ran again.</summary>
    public long AwaitMoment(long nanoseconds)
    {
        long now;
        while ((now = Now) < nanoseconds) ThreadPlacement.SleepUntil(nanoseconds);
        return now - nanoseconds;
    }

    public void End() => _realTime?.Lower();
}
