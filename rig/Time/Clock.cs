using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Lab.Time;

/// <summary>Time stamps cheap enough to take two per sample. A read gives raw ticks; a duration is turned into nanoseconds when
/// it is recorded, so that the multiply stays out of the timed stretch. Immutable: any number of threads may read beside each
/// other.</summary>
/// <remarks>
/// <para> <b>Ordering.</b> <c>rdtsc</c> waits for nothing: it may run before earlier loads have completed, so a sample that ends
/// in a cache miss would end before the miss does. Therefore a sample <b>ends with</b> <see cref="TicksOrdered"/>, which waits
/// for everything earlier. It <b>starts with</b> <see cref="Ticks"/>: what it can pick up is the tail of loads that the untimed
/// part before it left outstanding, at most about one memory latency, and always as too long, never as too short. A sample below
/// about 100 ns whose untimed part misses caches should start with <see cref="TicksOrdered"/> too. Neither read keeps later
/// instructions from starting early; what follows a sample is recording, which is not timed. docs/decisions/0002 has the costs
/// that decided this. </para>
/// <para> Ticks are comparable between cores: an invariant counter that the kernel itself keeps time by is synchronised between
/// them. A stamp handed to another thread is ordered by the hand-over, not by the read. </para>
/// </remarks>
public sealed unsafe class Clock
{
    private readonly delegate* unmanaged[SuppressGCTransition]<ulong> _read;
    private readonly delegate* unmanaged[SuppressGCTransition]<ulong> _readOrdered;
    private readonly TickScale _ticksToNanoseconds;
    private readonly TickScale _nanosecondsToTicks;
    private readonly long _anchorTicks;
    private readonly long _anchorNanoseconds;
    private readonly long _nanosecondsAtTickZero;

    /// <param name="stub">What to read, or null for Stopwatch.</param>
    /// <param name="frequencyHz">Ticks per second.</param>
    /// <param name="anchor">One moment in ticks and in CLOCK_MONOTONIC nanoseconds.</param>
    /// <param name="invariant">For <see cref="ClockInfo.Invariant"/>.</param>
    /// <param name="note">For <see cref="ClockInfo.Note"/>.</param>
    internal Clock(ClockStub? stub, double frequencyHz, ClockCalibration.Moment anchor, bool invariant, string note)
    {
        _read = stub is null ? null : stub.Read;
        _readOrdered = stub is null ? null : stub.ReadOrdered;
        _ticksToNanoseconds = new TickScale(1e9 / frequencyHz);
        _nanosecondsToTicks = new TickScale(frequencyHz / 1e9);
        _anchorTicks = anchor.Ticks;
        _anchorNanoseconds = anchor.Nanoseconds;
        _nanosecondsAtTickZero = anchor.Nanoseconds - _ticksToNanoseconds.Apply((ulong)anchor.Ticks);
        (double plain, double ordered) = ClockCalibration.ReadCosts(this);
        double step = ClockCalibration.TypicalStepTicks(this) * 1e9 / frequencyHz;
        ClockSource source = stub is null ? ClockSource.Stopwatch : ClockSource.Tsc;
        Info = new ClockInfo(source, frequencyHz, plain, ordered, step, invariant, note);
    }

    /// <summary>The process's clock: the best source there is, calibrated at first use, which takes about 60 ms.</summary>
    public static Clock Default { get; } = Calibrate();

    public ClockInfo Info { get; }

    /// <summary>Calibrates a clock against CLOCK_MONOTONIC over at least 50 ms. Never throws: where the wanted source cannot be
    /// used the clock reads Stopwatch, and <see cref="ClockInfo.Note"/> says why.</summary>
    public static Clock Calibrate(ClockSource wanted = ClockSource.Tsc) => ClockCalibration.Calibrate(wanted);

    /// <summary>CLOCK_MONOTONIC in nanoseconds, by the kernel's own reading, wherever Stopwatch ticks at another rate
    /// too.</summary>
    public static long MonotonicNanoseconds()
    {
        long ticks = Stopwatch.GetTimestamp();
        return Stopwatch.Frequency == 1_000_000_000 ? ticks : (long)((Int128)ticks * 1_000_000_000 / Stopwatch.Frequency);
    }

    /// <summary>A time stamp in raw ticks, not ordered with the loads before it: how a sample starts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Ticks()
    {
        // The pointer is an instance field, not a static one: no class-initialisation check can end up in the timed loop.
        // SAFETY: _read is null or a stub in a page that stays mapped for the life of the process; the stub neither
        // blocks, throws nor calls back, which is what SuppressGCTransition asks for.
        unsafe
        {
            return _read != null ? (long)_read() : Fallback();
        }
    }

    // Apart, so that little is inlined where a stamp is taken.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Fallback() => Stopwatch.GetTimestamp();

    /// <summary>A time stamp in raw ticks, taken after every earlier instruction has completed: how a sample ends.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long TicksOrdered()
    {
        // SAFETY: as for Ticks. The fallback needs no fence of its own: the kernel's vDSO orders its read.
        unsafe
        {
            return _readOrdered != null ? (long)_readOrdered() : Stopwatch.GetTimestamp();
        }
    }

    /// <summary>A duration in nanoseconds; a negative one (stamps of two cores a few ticks apart) is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long ToNanoseconds(long ticks) => ticks > 0 ? _ticksToNanoseconds.Apply((ulong)ticks) : 0;

    /// <summary>A duration in ticks; negative durations stay negative.</summary>
    public long ToTicks(long nanoseconds) => _nanosecondsToTicks.ApplySigned(nanoseconds);

    /// <summary>A duration in ticks.</summary>
    public long ToTicks(TimeSpan duration) => ToTicks(duration.Ticks * 100);

    /// <summary>Where a stamp lies on the CLOCK_MONOTONIC line (the line of Stopwatch and of runtime events), in nanoseconds. Off
    /// by the error of the calibration times the time since: below 1 us per second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long ToMonotonicNanoseconds(long ticks) => _nanosecondsAtTickZero + _ticksToNanoseconds.Apply((ulong)ticks);

    /// <summary>The present moment on that line, at the price of <see cref="Ticks"/> and as little ordered.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Now() => ToMonotonicNanoseconds(Ticks());

    /// <summary>The stamp that <see cref="Ticks"/> would have given at a CLOCK_MONOTONIC time.</summary>
    public long FromMonotonicNanoseconds(long nanoseconds) =>
        _anchorTicks + _nanosecondsToTicks.ApplySigned(nanoseconds - _anchorNanoseconds);
}
