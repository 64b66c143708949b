using Lab.Mmu;
using Lab.Strategies.Bound;
using Lab.Strategies.OfKernel;
using Lab.Strategies.Roots;
using Lab.Strategies.Roots.Broken;

namespace Lab.Strategies;

/// <summary>
/// The root strategies there are and the scenarios that they are explored on, as a table of contents. A new one is its file and one line here.
/// </summary>
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
        typeof(EarlyReturn<>),

        typeof(NothingToZap<>),
        typeof(SingleThread<>),
    ];

    /// <summary>What the kernels of this world do themselves, to hold the others against. They need an MMU that has a kernel.</summary>
    public static IReadOnlyList<Type> KernelStrategies { get; } = [typeof(Kernel<>), typeof(KernelSlotZap<>)];

    /// <summary>Names and texts of the explorer's scenarios, small ones first. Their format is the explorer's.</summary>
    public static IReadOnlyList<(string Name, string Text)> RootScenarios { get; } =
    [
        Scenario("fast-zap-put"),
        Scenario("fast-zap-toggle"),
        Scenario("fast-zap-reload"),
        Scenario("fast-zap-fault"),
        Scenario("fast-zap-unmap"),
        Scenario("fast-zap-dirty-log"),
        Scenario("gift-put-readers"),
        Scenario("last-put-readers"),
        Scenario("two-fast-zaps"),
        Scenario("two-fast-zaps-dirty-log"),
        Scenario("destroy"),
        Scenario("fast-zap-destroy"),
    ];

    private static (string Name, string Text) Scenario(string name)
    {
        using Stream text = typeof(Catalogue).Assembly.GetManifestResourceStream($"scenarios/{name}")
            ?? throw new InvalidOperationException($"There is no file roots/scenarios/{name}.scenario.");
        using StreamReader reader = new(text);
        return (name, reader.ReadToEnd());
    }
}
