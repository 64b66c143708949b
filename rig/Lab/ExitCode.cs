namespace Lab.Application;

/// <summary>Exit codes of the program; people script against them.</summary>
public static class ExitCode
{
    public const int Fine = 0;
    public const int InternalError = 1;
    public const int Usage = 2;

    /// <summary>An arm after the first is slower on a metric that decides.</summary>
    public const int Regression = 3;

    public const int InvariantViolated = 4;

    /// <summary>A measurement was starved of cores or gave no sample; nothing of a comparison could be tested; under
    /// <c>--strict</c> one was contaminated; or <c>lab doctor</c> found something bad.</summary>
    public const int Contaminated = 5;

    /// <summary>Asked to decide (<c>--gate</c>), and the runs do not; or <c>lab explore</c> found nothing and has not explored
    /// all that was asked.</summary>
    public const int Inconclusive = 6;

    /// <summary>A baseline is missing, or of another machine.</summary>
    public const int NotComparable = 7;

    /// <summary><c>lab fleet gather</c>: units of the plan have no answer yet. What the others say is told all the
    /// same.</summary>
    public const int Incomplete = 8;

    /// <summary>The guest of <c>lab guest</c> ended before the command in it had: a panic, a limit, a QEMU that was
    /// killed.</summary>
    public const int GuestEnded = 9;

    public const int Interrupted = 130;
}

/// <summary>A baseline is not there or is of another machine; the message is one sentence that says what to do instead.</summary>
public sealed class NotComparableException(string message) : Exception(message);
