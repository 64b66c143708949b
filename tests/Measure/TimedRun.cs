using Lab.Measure;
using Xunit;

namespace Lab.Tests.Measure;

/// <summary>Tests that keep time run one after another and beside nothing else: they would measure each other.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class TimingCollection
{
    public const string Name = "keeps time";
}

internal static class TimedRun
{
    /// <summary>A measurement that ends early when the test itself is cancelled.</summary>
    public static MeasuredRun Of(WindowSettings settings, params IReadOnlyList<IMeasuredActor> actors) =>
        TimedMeasurement.Run(actors, settings, observer: null, TestContext.Current.CancellationToken);

    public static MeasuredRun Observed(
        WindowSettings settings, IWindowObserver observer, params IReadOnlyList<IMeasuredActor> actors) =>
        TimedMeasurement.Run(actors, settings, observer, TestContext.Current.CancellationToken);
}
