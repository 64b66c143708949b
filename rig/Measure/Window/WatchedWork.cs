using System.Diagnostics;

namespace Lab.Measure;

/// <summary>A piece of work without steps, such as a set-up or a tear-down, on a thread of its own: given up like an actor that
/// stands still.</summary>
public sealed class WatchedWork : IWatched
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private readonly Thread _thread;
    private Exception? _failure;

    private WatchedWork(string name, Action work)
    {
        Name = name;
        _thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception thrown) // for who asked
            {
                _failure = thrown;
            }
        }) { IsBackground = true, Name = name };
    }

    public string Name { get; }

    public long Beats => 0;

    public bool HasEnded => !_thread.IsAlive;

    /// <summary>Comes back when it is done, or when the watchdog gives it up: then its thread is abandoned.</summary>
    /// <param name="name">Of who does it.</param>
    /// <param name="phase">Of the measurement, in words.</param>
    /// <param name="timeout">The watchdog's.</param>
    /// <param name="events">Another number whenever something happens; null if nobody counts.</param>
    /// <param name="work">What is done.</param>
    /// <param name="failure">What it threw, or null. An <see cref="OperationCanceledException"/> if it was given up because of
    /// <paramref name="cancellation"/>.</param>
    /// <param name="cancellation">Leaves it <see cref="Grace"/> to end.</param>
    /// <returns>Null if it is done.</returns>
    public static Standstill? Do(string name, string phase, TimeSpan timeout, Func<long>? events, Action work,
        out Exception? failure, CancellationToken cancellation)
    {
        WatchedWork one = new(name, work);
        Watchdog watchdog = new(timeout, events);
        one._thread.Start();
        Standstill? found = null;
        long cancelledAt = 0;
        while (!one._thread.Join(watchdog.Interval) && (found = watchdog.Look([one])) is null)
        {
            if (!cancellation.IsCancellationRequested) continue;
            if (cancelledAt == 0) cancelledAt = Stopwatch.GetTimestamp();
            if (Stopwatch.GetElapsedTime(cancelledAt) < Grace) continue;
            failure = new OperationCanceledException(cancellation);
            return null;
        }
        failure = found is null ? one._failure : null;
        return found is null ? null : found with { Phase = phase };
    }
}
