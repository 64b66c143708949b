using System.Runtime.CompilerServices;
using Lab.Time;

namespace Lab.Measure;

/// <summary>One interval of a <see cref="Timeline"/>. All times in nanoseconds; the offset counts from the opening of the window.
/// The quantiles are bucket midpoints, at most 1.6 % off; the maximum is exact. All are 0 when the count is.</summary>
public readonly record struct IntervalSummary(
    int Index, long OffsetNanoseconds, long LengthNanoseconds, long Count, long P50, long P99, long Max);

/// <summary>Latency over time: the window cut into a number of equal intervals chosen in advance, each with a coarse histogram,
/// so that a stall, a warm-up tail or a slow drift can be seen and dated. All memory is allocated and touched
/// beforehand.</summary>
/// <remarks>One writer at a time, no atomics; reading beside it is approximate, as for <see cref="LatencyHistogram"/>.</remarks>
public sealed unsafe class Timeline : IDisposable
{
    public const int MostIntervals = 200;

    private const int Bits = 5;
    private static readonly int BucketsOfAll = LogLinear.BucketCount(Bits);
    private static readonly int StrideBytes = (sizeof(Header) + (BucketsOfAll * sizeof(uint)) + 63) & ~63;

    private readonly Clock _clock;
    private readonly NativeBlock _block;
    private byte* _intervals;
    private Header* _current;
    private long _currentStart;
    private long _intervalTicks = 1;
    private long _windowStart;
    private long _openedAt;

    public Timeline(int intervalCount, Clock clock)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(intervalCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(intervalCount, MostIntervals);
        ArgumentNullException.ThrowIfNull(clock);
        IntervalCount = intervalCount;
        _clock = clock;
        _block = new NativeBlock((nuint)intervalCount * (nuint)StrideBytes);

        // SAFETY: interval 0 starts where the block starts.
        unsafe
        {
            _intervals = (byte*)_block.Address;
            _current = (Header*)_intervals;
        }
    }

    public int IntervalCount { get; }

    /// <summary>Says which stretch of clock ticks the intervals divide, and forgets what was recorded before.</summary>
    public void OpenWindow(long startTicks, long endTicks)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(endTicks, startTicks);
        _block.Clear();
        _windowStart = _openedAt = startTicks;
        _intervalTicks = ((endTicks - startTicks) + IntervalCount - 1) / IntervalCount;
        Seek(startTicks);
    }

    /// <summary>Lets the window have opened at another time, from the next sample on, and keeps what was recorded: a window that
    /// was interrupted goes on where it stopped. For the writer only.</summary>
    public void MoveWindow(long startTicks)
    {
        _windowStart = startTicks;
        _currentStart = long.MaxValue - _intervalTicks; // no sample lies there: the next one looks for its interval
    }

    /// <summary>Counts one latency under the interval in which it started. A start outside the window counts in the first or last
    /// interval: nothing is lost. Dividing is left to the first sample of an interval.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Record(long startTicks, long nanoseconds)
    {
        if ((ulong)(startTicks - _currentStart) >= (ulong)_intervalTicks) Seek(startTicks);
        ulong value = (ulong)Math.Clamp(nanoseconds, 0, LogLinear.HighestValue);

        // SAFETY: _current is an interval of the block, which KeepAlive keeps allocated; IndexOf is below BucketsOfAll for
        // values up to HighestValue.
        unsafe
        {
            Header* interval = _current;
            uint* count = (uint*)(interval + 1) + LogLinear.IndexOf(value, Bits);
            if (*count != uint.MaxValue) // saturates: four billion samples of one interval in one bucket
            {
                (*count)++;
            }
            interval->Count++;
            if (nanoseconds > interval->Max) interval->Max = nanoseconds;
        }

        GC.KeepAlive(this);
    }

    /// <summary>Adds what another timeline of the same window and division holds. Nobody may write to either meanwhile.</summary>
    /// <exception cref="ArgumentException">The other one divides another window, or divides it otherwise.</exception>
    public void MergeFrom(Timeline other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.IntervalCount != IntervalCount || other._intervalTicks != _intervalTicks || other._openedAt != _openedAt)
        {
            throw new ArgumentException("The timelines divide different windows.", nameof(other));
        }
        for (int i = 0; i < IntervalCount; i++)
        {
            Header* into = IntervalAt(i), from = other.IntervalAt(i);

            // SAFETY: IntervalAt gives a header with BucketsOfAll counts behind it, in blocks that are still allocated.
            unsafe
            {
                into->Count += from->Count;
                into->Max = Math.Max(into->Max, from->Max);
                for (int bucket = 0; bucket < BucketsOfAll; bucket++)
                {
                    ulong sum = (ulong)((uint*)(into + 1))[bucket] + ((uint*)(from + 1))[bucket];
                    ((uint*)(into + 1))[bucket] = (uint)Math.Min(sum, uint.MaxValue);
                }
            }
        }

        GC.KeepAlive(other);
        GC.KeepAlive(this);
    }

    /// <summary>One row per interval, in order of time, the empty ones included.</summary>
    public IReadOnlyList<IntervalSummary> Summaries()
    {
        IntervalSummary[] rows = new IntervalSummary[IntervalCount];
        long length = _clock.ToNanoseconds(_intervalTicks);
        for (int i = 0; i < rows.Length; i++)
        {
            // SAFETY: IntervalAt refuses a disposed timeline, and KeepAlive holds the block past the last read.
            unsafe
            {
                Header* interval = IntervalAt(i);
                long offset = _clock.ToNanoseconds(i * _intervalTicks), p50 = Quantile(interval, 0.50), p99 =
                    Quantile(interval, 0.99);
                rows[i] = new IntervalSummary(i, offset, length, interval->Count, p50, p99, interval->Max);
            }
        }

        GC.KeepAlive(this);
        return rows;
    }

    /// <summary>A timeline of the same window and division that holds nothing.</summary>
    internal Timeline EmptyTwin() =>
        new(IntervalCount, _clock)
            { _windowStart = _windowStart, _openedAt = _openedAt, _intervalTicks = _intervalTicks, _currentStart = _windowStart };

    /// <summary>Frees the memory. The writer must have stopped for good: a later <see cref="Record"/> is a crash.</summary>
    public void Dispose()
    {
        _intervals = null;
        _current = null;
        _block.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Seek(long startTicks)
    {
        long index = Math.Clamp((startTicks - _windowStart) / _intervalTicks, 0, IntervalCount - 1);
        _currentStart = _windowStart + (index * _intervalTicks);
        _current = IntervalAt((int)index);
    }

    private Header* IntervalAt(int index)
    {
        ObjectDisposedException.ThrowIf(_intervals is null, this);

        // SAFETY: callers stay below IntervalCount, for which the block has room at StrideBytes each.
        unsafe
        {
            return (Header*)(_intervals + ((long)index * StrideBytes));
        }
    }

    private static long Quantile(Header* interval, double p)
    {
        // SAFETY: the interval has BucketsOfAll counts behind its header.
        unsafe
        {
            long rank = Math.Max(1, (long)Math.Ceiling(p * interval->Count)), below = 0;
            for (int i = 0; i < BucketsOfAll; i++)
            {
                below += ((uint*)(interval + 1))[i];
                if (below >= rank) return Math.Min(LogLinear.MidpointOf(i, Bits), interval->Max);
            }

            return interval->Max;
        }
    }

    private struct Header
    {
        public long Count;
        public long Max;
    }
}
