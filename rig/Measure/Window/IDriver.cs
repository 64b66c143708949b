namespace Lab.Measure;

/// <summary>Takes actors through warm-up and window to a measured run: each on a thread (<see cref="ThreadPerActor"/>), all on
/// one (<see cref="TakingTurns"/>), or on a machine whose time is its own.</summary>
/// <remarks>A driver calls of each actor <c>Begin</c>, then <c>Prepare, Step</c> again and again, then <c>Quiesce, End</c>, and
/// sees to it that the machine knows whose turn it is.</remarks>
public interface IDriver
{
    MeasuredRun Run(
        IReadOnlyList<IMeasuredActor> actors, WindowSettings settings, IWindowObserver? observer = null,
        CancellationToken cancellation = default);
}

/// <summary>Each actor on a thread of its own, timed by the lab's clock: how everything but the bound without synchronisation is
/// measured.</summary>
public sealed class ThreadPerActor : IDriver
{
    public MeasuredRun Run(
        IReadOnlyList<IMeasuredActor> actors, WindowSettings settings, IWindowObserver? observer = null,
        CancellationToken cancellation = default) =>
        TimedMeasurement.Run(actors, settings, observer, cancellation);
}
