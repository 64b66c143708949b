using Lab.Application;
using Lab.Hardware;
using Lab.Plots;
using Lab.Results;
using Lab.Settings;

namespace Lab.Cli;

/// <summary>What all verbs have in common.</summary>
internal static class Verb
{
    /// <summary>Runs a verb; what goes wrong becomes one sentence and the right exit code.</summary>
    public static int Guarded(LabConsole console, Func<int> verb)
    {
        try
        {
            return verb();
        }
        catch (NotComparableException error)
        {
            console.Error.WriteLine($"lab: {OneLine(error.Message)}");
            return ExitCode.NotComparable;
        }
        catch (Exception error) when (IsForTheUser(error))
        {
            console.Error.WriteLine($"lab: {OneLine(error.Message)}");
            return ExitCode.Usage;
        }
        catch (IOException error)
        {
            console.Error.WriteLine($"lab: {OneLine(error.Message)}");
            return ExitCode.Usage;
        }
        catch (Exception error)
        {
            console.Error.WriteLine($"lab: internal error: {error}");
            return ExitCode.InternalError;
        }
        finally
        {
            if (UndrawnFigures.TakeWhy() is { } why) console.Error.WriteLine($"lab: {why}");
        }
    }

    private static bool IsForTheUser(Exception error) =>
        error is UsageException or ResultsUnwritableException or RunNotFoundException or RunDamagedException
            or InsufficientMemoryException or HardwareUnavailableException;

    internal static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
