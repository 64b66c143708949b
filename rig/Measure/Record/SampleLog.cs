using System.Runtime.CompilerServices;

namespace Lab.Measure;

/// <summary>One sample: when it began, in ticks of the recorder's clock, and how long it took, at most
/// <see cref="LatencyHistogram.HighestValue"/>.</summary>
public readonly record struct DatedSample(long StartTicks, long Nanoseconds);

/// <summary>The slower samples of one recorder, each with the moment at which it began: all of them until there is no more room,
/// then those of at least <see cref="ThresholdNanoseconds"/>, which rises so that about half of what is kept then stays. So it
/// can be told afterwards which samples something disturbed: what makes a sample slow is among the slow ones. Native memory,
/// allocated and touched beforehand.</summary>
/// <remarks>One writer; read when it has stopped. A sample that is recorded takes two stores; one below the threshold takes a
/// comparison.</remarks>
public sealed unsafe class SampleLog : IDisposable
{
    private const int Bits = 5;

    private readonly NativeBlock _block;
    private DatedSample* _samples;

    public SampleLog(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 2);
        Capacity = capacity;
        _block = new NativeBlock((nuint)capacity * (nuint)sizeof(DatedSample));

        // SAFETY: the block holds capacity samples.
        unsafe
        {
            _samples = (DatedSample*)_block.Address;
        }
    }

    public int Capacity { get; }

    public int Count { get; private set; }

    /// <summary>Every sample of at least this length is here, and none below it.</summary>
    public long ThresholdNanoseconds { get; private set; }

    /// <summary>In the order in which they were recorded, which is nearly that in which they began.</summary>
    public ReadOnlySpan<DatedSample> Samples
    {
        get
        {
            ObjectDisposedException.ThrowIf(_samples is null, this);

            // SAFETY: the first Count samples have been written; the caller reads them before Dispose.
            unsafe
            {
                return new ReadOnlySpan<DatedSample>(_samples, Count);
            }
        }
    }

    /// <summary>Never allocates, never throws while the log is not disposed. Negative lengths are not kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Record(long startTicks, long nanoseconds)
    {
        if (nanoseconds >= ThresholdNanoseconds) Append(startTicks, nanoseconds);
    }

    /// <summary>Forgets everything. For the writer only.</summary>
    public void Clear() => (Count, ThresholdNanoseconds) = (0, 0);

    /// <summary>Frees the memory. The writer must have stopped for good: a later <see cref="Record"/> is a crash.</summary>
    public void Dispose()
    {
        _samples = null;
        _block.Dispose();
    }

    private void Append(long startTicks, long nanoseconds)
    {
        if (Count == Capacity) MakeRoom();
        nanoseconds = Math.Min(nanoseconds, LogLinear.HighestValue);
        if (nanoseconds < ThresholdNanoseconds) return;

        // SAFETY: Count is below Capacity, for which the block has room; KeepAlive holds it past the store.
        unsafe
        {
            _samples[Count++] = new DatedSample(startTicks, nanoseconds);
        }

        GC.KeepAlive(this);
    }

    /// <summary>Raises the threshold to the edge of the lowest bucket above which at most half of the samples lie, and drops the
    /// others.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void MakeRoom()
    {
        Span<int> counts = stackalloc int[LogLinear.BucketCount(Bits)];
        counts.Clear();

        // SAFETY: all Capacity samples have been written, and the copy goes to places no later than those read.
        unsafe
        {
            for (int i = 0; i < Count; i++) counts[Bucket(_samples[i].Nanoseconds)]++;
            int bucket = counts.Length, above = 0;
            while (above + counts[bucket - 1] <= Capacity / 2) above += counts[--bucket];
            // No sample is longer than the highest value: if half of them are that long, all go.
            ThresholdNanoseconds = bucket < counts.Length ? LogLinear.LowOf(bucket, Bits) : LogLinear.HighestValue + 1;
            int kept = 0;
            for (int i = 0; i < Count; i++)
            {
                if (_samples[i].Nanoseconds >= ThresholdNanoseconds) _samples[kept++] = _samples[i];
            }

            Count = kept;
        }

        GC.KeepAlive(this);
    }

    private static int Bucket(long nanoseconds) => LogLinear.IndexOf((ulong)nanoseconds, Bits);
}
