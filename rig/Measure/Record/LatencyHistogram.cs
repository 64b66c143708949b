using System.Runtime.CompilerServices;

namespace Lab.Measure;

/// <summary>Values low (inclusive) to high (exclusive), in nanoseconds, and how many of them were recorded.</summary>
public readonly record struct HistogramBucket(long Low, long High, long Count);

/// <summary>Counts latencies from 0 ns to 1 h to three significant digits, in native memory, without allocating. Every value is
/// counted: what lies outside the range is put into the nearest bucket and counted a second time as clamped.</summary>
/// <remarks>One writer at a time, no atomics. Reading beside the writer is allowed and gives each number as of some moment, not
/// all of the same one: count, sum and buckets may differ by the samples in flight.</remarks>
public sealed unsafe class LatencyHistogram : IDisposable
{
    /// <summary>The largest value that is not clamped: one hour.</summary>
    public const long HighestValue = LogLinear.HighestValue;

    private const int Bits = 10;
    private static readonly int BucketsOfAll = LogLinear.BucketCount(Bits);

    private readonly NativeBlock _block;
    private Header* _header;
    private long* _counts;

    public LatencyHistogram()
    {
        _block = new NativeBlock(NativeBlock.AlignmentBytes + ((nuint)BucketsOfAll * sizeof(long)));

        // SAFETY: the block is long enough for the header's padded place and BucketsOfAll counts behind it.
        unsafe
        {
            _header = (Header*)_block.Address;
            _counts = (long*)((byte*)_block.Address + NativeBlock.AlignmentBytes);
            _header->Min = long.MaxValue;
        }
    }

    public long Count => Totals.Count;

    /// <summary>Exact, in nanoseconds, as recorded: not clamped. 0 when empty.</summary>
    public long Min => Totals is { Count: > 0 } totals ? totals.Min : 0;

    /// <summary>Exact, in nanoseconds, as recorded: not clamped. 0 when empty.</summary>
    public long Max => Totals.Max;

    /// <summary>Exact, in nanoseconds; negative values count as 0.</summary>
    public UInt128 Sum => Totals.Sum;

    /// <summary>Values above <see cref="HighestValue"/>; they are in the last bucket too.</summary>
    public long ClampedHighCount => Totals.ClampedHigh;

    /// <summary>Negative values; they are in the first bucket too.</summary>
    public long ClampedLowCount => Totals.ClampedLow;

    /// <summary>In nanoseconds, from the exact sum. NaN when empty.</summary>
    public double Mean => Count == 0 ? double.NaN : (double)Sum / Count;

    /// <summary>Of the recorded population, in nanoseconds, from bucket midpoints. NaN when empty.</summary>
    public double StandardDeviation
    {
        get
        {
            double mean = Mean, squares = 0;
            for (int i = 0; i < BucketsOfAll; i++)
            {
                double distance = LogLinear.MidpointOf(i, Bits) - mean;
                squares += CountAt(i) * distance * distance;
            }

            return Count == 0 ? double.NaN : Math.Sqrt(squares / Count);
        }
    }

    private Header Totals
    {
        get
        {
            // SAFETY: Live refuses a disposed histogram, and KeepAlive holds the block past the copy.
            unsafe
            {
                Header totals = *Live;
                GC.KeepAlive(this);
                return totals;
            }
        }
    }

    private Header* Live
    {
        get
        {
            ObjectDisposedException.ThrowIf(_header is null, this);
            return _header;
        }
    }

    /// <summary>Counts one latency in nanoseconds. Never allocates, never throws while the histogram is not disposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Record(long nanoseconds)
    {
        if ((ulong)nanoseconds > HighestValue)
        {
            RecordClamped(nanoseconds);
            return;
        }

        Add(LogLinear.IndexOf((ulong)nanoseconds, Bits), nanoseconds);
    }

    /// <summary>Adds all that another histogram holds; that one is unchanged. Nobody may write to either meanwhile.</summary>
    public void MergeFrom(LatencyHistogram other)
    {
        ArgumentNullException.ThrowIfNull(other);
        UInt128 sum = Sum + other.Sum;

        // SAFETY: Live has just been asked of both, so both blocks are allocated, each with BucketsOfAll counts.
        unsafe
        {
            Header* from = other.Live;
            _header->Count += from->Count;
            _header->Min = Math.Min(_header->Min, from->Min);
            _header->Max = Math.Max(_header->Max, from->Max);
            _header->SumLow = (ulong)sum;
            _header->SumHigh = (ulong)(sum >> 64);
            _header->ClampedHigh += from->ClampedHigh;
            _header->ClampedLow += from->ClampedLow;
            for (int i = 0; i < BucketsOfAll; i++) _counts[i] += other._counts[i];
        }

        GC.KeepAlive(other);
        GC.KeepAlive(this);
    }

    /// <summary>The value below or at which the share <paramref name="p"/> of the recorded values lies (nearest rank), in
    /// nanoseconds: a bucket's midpoint, at most 0.05 % off; 0 gives the exact minimum and 1 the exact maximum.</summary>
    /// <exception cref="InvalidOperationException">Nothing has been recorded.</exception>
    public long Quantile(double p)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(p);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(p, 1.0);
        long count = Count;
        if (count == 0) throw new InvalidOperationException("An empty histogram has no quantiles.");
        if (p == 0.0) return Min;
        long rank = Math.Clamp((long)Math.Ceiling(p * count), 1, count);
        if (rank == count) return Max;
        long below = 0;
        for (int i = 0; i < BucketsOfAll; i++)
        {
            below += CountAt(i);
            if (below >= rank) return Math.Clamp(LogLinear.MidpointOf(i, Bits), Min, Max);
        }

        return Max; // only beside a writer, whose count ran ahead of its bucket
    }

    /// <summary>The buckets that hold something, ascending.</summary>
    public IEnumerable<HistogramBucket> Buckets()
    {
        for (int i = 0; i < BucketsOfAll; i++)
        {
            long count = CountAt(i);
            if (count == 0) continue;
            long low = LogLinear.LowOf(i, Bits);
            yield return new HistogramBucket(low, low + LogLinear.WidthOf(i, Bits), count);
        }
    }

    /// <summary>Forgets everything. For the writer only.</summary>
    public void Clear()
    {
        _block.Clear();

        // SAFETY: Live refuses a disposed histogram, and KeepAlive holds the block past the store.
        unsafe
        {
            Live->Min = long.MaxValue;
            GC.KeepAlive(this);
        }
    }

    /// <summary>Frees the memory. The writer must have stopped for good: a later <see cref="Record"/> is a crash.</summary>
    public void Dispose()
    {
        _header = null;
        _counts = null;
        _block.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RecordClamped(long nanoseconds)
    {
        // SAFETY: Live refuses a disposed histogram; Add keeps this object alive past both stores.
        unsafe
        {
            ref long clamped = ref nanoseconds < 0 ? ref Live->ClampedLow : ref Live->ClampedHigh;
            clamped++;
        }

        if (nanoseconds < 0) Add(0, 0);
        else Add(BucketsOfAll - 1, nanoseconds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Add(int index, long nanoseconds)
    {
        // SAFETY: index is below BucketsOfAll, since IndexOf is monotone and Record lets nothing above HighestValue
        // through; the block stays allocated because KeepAlive roots this object past the last store.
        unsafe
        {
            Header* header = _header;
            _counts[index]++;
            header->Count++;
            ulong low = header->SumLow + (ulong)nanoseconds;
            if (low < (ulong)nanoseconds) header->SumHigh++;
            header->SumLow = low;
            if (nanoseconds < header->Min) header->Min = nanoseconds;
            if (nanoseconds > header->Max) header->Max = nanoseconds;
        }

        GC.KeepAlive(this);
    }

    private long CountAt(int index)
    {
        ObjectDisposedException.ThrowIf(_header is null, this);

        // SAFETY: callers loop below BucketsOfAll, and the block is allocated while _header is set.
        unsafe
        {
            long count = Volatile.Read(ref _counts[index]);
            GC.KeepAlive(this);
            return count;
        }
    }

    /// <summary>The exact totals: 56 bytes in the first 128 of the block, apart from the counts' cache lines.</summary>
    private struct Header
    {
        public long Count;
        public long Min;
        public long Max;
        public ulong SumLow;
        public ulong SumHigh;
        public long ClampedHigh;
        public long ClampedLow;

        public readonly UInt128 Sum => new(SumHigh, SumLow);
    }
}
