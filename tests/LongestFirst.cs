using Lab.Tests;
using Lab.Tests.Cli;
using Lab.Tests.Explorer;
using Lab.Tests.Explorer.Strategies;
using Lab.Tests.Hardware;
using Lab.Tests.Plots;
using Lab.Tests.Watch;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

// Most tests wait as much as they compute: for children, windows, threads held back. Two a processor keep it busy.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]
[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Lab.Tests;

/// <summary>The classes that take longest begin first, so that none of them is still at it when all others are done.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly Type[] Long =
    [
        typeof(CompareMeasuredTests), typeof(CompareResumedTests), typeof(CompareArmsTests), typeof(ReportPageTests),
        typeof(HostLoadTests), typeof(CrossCheckTests), typeof(FaultTests), typeof(BrokenStrategyTests),
        typeof(InheritedSettingsTests), typeof(WatchedRunTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderBy(Rank)];

    /// <summary>A class without a collection of its own gets one that is named after it.</summary>
    private static int Rank<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        int rank = Array.FindIndex(Long,
            one => collection.TestCollectionDisplayName.Contains($" {one.FullName} ", StringComparison.Ordinal));
        return rank < 0 ? Long.Length : rank;
    }
}
