using Lab.Mmu;
using Lab.Strategies.Bound;
using Lab.Strategies.Roots;
using Lab.Strategies.Roots.Broken;

namespace Lab.Strategies;

/// <summary>The root strategies there are, as a table of contents. A new strategy is its file and one line here.</summary>
public static class Catalogue
{
    /// <summary>Open generic classes, each with a <see cref="StrategyAttribute"/>.</summary>
    public static IReadOnlyList<Type> RootStrategies { get; } =
    [
        typeof(Baseline<>),
        typeof(DefunctFlag<>),
        typeof(SecondList<>),
        typeof(SecondListShared<>),
        typeof(Workqueue<>),
        typeof(Refcount2<>),
        typeof(Mainline<>),

        typeof(AsyncPut<>),
        typeof(XchgPut<>),
        typeof(XchgDraft<>),
        typeof(OffList<>),
        typeof(NoFlush<>),
        typeof(Requeue<>),
        typeof(Refcount2First<>),

        typeof(NothingToZap<>),
        typeof(SingleThread<>),
    ];
}
