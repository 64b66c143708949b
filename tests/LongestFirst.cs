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

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace Lab.Tests;

/// <summary>The classes that take longest begin first, so that none of them is still at it when all others are done; those that
/// compare do not begin together.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly Type[] Long =
    [
        typeof(CompareMeasuredTests), typeof(ReportPageTests), typeof(HostLoadTests), typeof(CompareResumedTests),
        typeof(CrossCheckTests), typeof(CompareArmsTests), typeof(FaultTests), typeof(BrokenStrategyTests),
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
