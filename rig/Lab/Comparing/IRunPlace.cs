namespace Lab.Application.Comparing;

/// <summary>Where runs happen: this machine, or one that a scheduler hands out. A place starts <c>lab run</c> and brings home the
/// folder that it leaves; what is measured in which order is not its business.</summary>
public interface IRunPlace
{
    /// <summary>Whether runs can be stopped and let go on one at a time. Where they cannot, the arms of a block measure one after
    /// another.</summary>
    bool HasTurns { get; }

    /// <summary>Starts a run; from the thread that will end it.</summary>
    /// <param name="arguments">Of <c>lab run</c>, without the folder for run folders: that is the place's.</param>
    /// <param name="takesTurns">It will stop and wait for <see cref="IPlacedRun.TakeTurn"/>; only where there are turns.</param>
    IPlacedRun Start(IReadOnlyList<string> arguments, bool takesTurns);
}

/// <summary>A run that was started somewhere. Used and disposed of by one thread, but for <see cref="Kill"/>.</summary>
public interface IPlacedRun : IDisposable
{
    /// <summary>Waits until it has stopped to wait for a turn. False if it has ended instead.</summary>
    bool AwaitStop();

    /// <summary>Lets it go on until it stops again; false if it ended, as it does after its last turn.</summary>
    bool TakeTurn();

    /// <summary>Waits for the end.</summary>
    PlacedRunEnd End();

    /// <summary>Brings its run folder to where the runs of the comparison are, if it is not there already, and returns the
    /// folder's name.</summary>
    string Fetch(RunAnnouncement announced);

    /// <summary>Ends it at once, from any thread; what has ended already is left alone.</summary>
    void Kill();
}

/// <summary>How a run ended.</summary>
/// <param name="ExitCode">As <see cref="Application.ExitCode"/> has them.</param>
/// <param name="Announced">The folder that it left; null if it left none.</param>
/// <param name="Complaints">What it said on standard error, a line each.</param>
public sealed record PlacedRunEnd(int ExitCode, RunAnnouncement? Announced, IReadOnlyList<string> Complaints);
