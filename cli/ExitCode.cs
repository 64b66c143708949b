namespace Lab.Cli;

/// <summary>Exit codes of the program; people script against them.</summary>
internal static class ExitCode
{
    public const int Fine = 0;
    public const int InternalError = 1;
    public const int Usage = 2;
    public const int InvariantViolated = 4;
    /// <summary><c>lab doctor --strict</c> found something bad.</summary>
    public const int MachineUnfit = 5;
    public const int Interrupted = 130;
}

/// <summary>The user asked for something that cannot be; the message is one sentence that says what to do instead.</summary>
internal sealed class UsageException(string message) : Exception(message);
