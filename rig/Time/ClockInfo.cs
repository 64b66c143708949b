namespace Lab.Time;

/// <summary>Where time stamps come from.</summary>
public enum ClockSource
{
    /// <summary>The processor's time-stamp counter, read by a few bytes of machine code of our own.</summary>
    Tsc,

    /// <summary><see cref="System.Diagnostics.Stopwatch"/>, which is CLOCK_MONOTONIC on Linux: always right, about twice the
    /// cost.</summary>
    Stopwatch,
}

/// <summary>What a clock is and what reading it costs on this machine. Source, rate, plain cost and note go into every
/// manifest.</summary>
/// <param name="Source">What is read.</param>
/// <param name="FrequencyHz">Ticks per second, as calibrated.</param>
/// <param name="TicksCostNanoseconds">One <see cref="Clock.Ticks"/> in a row of them, the cheapest of several rows.</param>
/// <param name="TicksOrderedCostNanoseconds">The same for <see cref="Clock.TicksOrdered"/>.</param>
/// <param name="TypicalStepNanoseconds">The median step above 0 between two reads in a row: the cost of a read or the counter's
/// own step, whichever is larger. Single samples are known no better. Some processors move the counter on by their base clock, 10
/// ns at 100 MHz, whatever its nominal frequency.</param>
/// <param name="Invariant">The processor says that the counter runs at one rate in all power states, and the kernel keeps its own
/// time by it.</param>
/// <param name="Note">One sentence: why this source.</param>
public sealed record ClockInfo(ClockSource Source, double FrequencyHz, double TicksCostNanoseconds,
    double TicksOrderedCostNanoseconds, double TypicalStepNanoseconds, bool Invariant, string Note);
