namespace Lab.Measure;

/// <summary>Where a timed measurement stands.</summary>
public enum WindowPhase
{
    /// <summary>The load runs; nothing is recorded.</summary>
    Warming,

    /// <summary>The window is open.</summary>
    Measuring,

    /// <summary>The window is closed; the load stays up until the last actor has measured.</summary>
    Draining,

    /// <summary>The actors have been told to stop.</summary>
    Stopping,
}

/// <param name="Phase">Where the measurement stands.</param>
/// <param name="Fraction">0 … 1 of this phase; 1 while only waiting for actors.</param>
/// <param name="StepCount">Steps of all actors since they started.</param>
public readonly record struct WindowProgress(WindowPhase Phase, double Fraction, long StepCount);

/// <param name="Name">Of the actor.</param>
/// <param name="ThreadId">The kernel's id of its thread.</param>
public readonly record struct ActorThread(string Name, int ThreadId);

/// <summary>Told about progress a few times a second, and about the edges of the window, on the thread that called
/// <see cref="TimedMeasurement.Run"/>.</summary>
public interface IWindowObserver
{
    /// <summary>Immediately before the window is announced; the load runs. Not called when the window never opens.</summary>
    void OnOpening(IReadOnlyList<ActorThread> actors)
    {
    }

    /// <summary>As soon as the window has closed, outside of it; the load still runs. Called if and only if
    /// <see cref="OnOpening"/> was.</summary>
    void OnClosed()
    {
    }

    void OnProgress(WindowProgress progress);
}
