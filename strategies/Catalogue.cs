using Lab.Strategies.Ageing;
using Lab.Strategies.Ageing.Broken;
using Lab.Strategies.Bound;
using Lab.Strategies.Notifier;
using Lab.Strategies.Notifier.Broken;
using Lab.Strategies.OfKernel;
using Lab.Strategies.Roots;
using Lab.Strategies.Roots.Broken;

namespace Lab.Strategies;

/// <summary>What there is of each family, and the scenarios that they are explored on, as a table of contents. A new one is its
/// file and one line here.</summary>
/// <remarks>In each list the first that goes with a VM's roots is the default, which is left unsaid
/// (<see cref="Subject"/>).</remarks>
public static class Catalogue
{
    /// <summary>How roots live and die.</summary>
    public static IReadOnlyList<Member> Roots { get; } = Members(
    [
        typeof(Baseline<>),
        typeof(DefunctFlag<>),
        typeof(SecondList<>),
        typeof(SecondListShared<>),
        typeof(Workqueue<>),
        typeof(Refcount2<>),
        typeof(Mainline<>),
        typeof(SlotZap<>),

        typeof(AsyncPut<>),
        typeof(XchgPut<>),
        typeof(XchgDraft<>),
        typeof(OffList<>),
        typeof(NoFlush<>),
        typeof(Requeue<>),
        typeof(Refcount2First<>),
        typeof(EarlyReturn<>),
        typeof(SlotZapNoFlush<>),

        typeof(NothingToZap<>),
        typeof(SingleThread<>),
    ]);

    /// <summary>What the kernels of this world do themselves, to hold the others against. They need an MMU that has a
    /// kernel.</summary>
    public static IReadOnlyList<Member> Kernels { get; } = Members([typeof(Kernel<>), typeof(KernelSlotZap<>)]);

    /// <summary>How a VM hears that the host takes memory away.</summary>
    public static IReadOnlyList<Member> Notifiers { get; } = Members(
    [
        typeof(AlwaysCount<>),
        typeof(SlotsRwsem<>),
        typeof(ActiveCount<>),
        typeof(KernelsOwn<>),

        typeof(UnstableSlots<>),
        typeof(SlotsRwsemKept<>),
        typeof(NarrowSequence<>),
        typeof(LateSnapshot<>),
        typeof(OnePlace<>),
    ]);

    /// <summary>How the host learns which pages are in use.</summary>
    public static IReadOnlyList<Member> Ageings { get; } = Members(
    [
        typeof(NoAgeing<>),
        typeof(UnderMmuLock<>),
        typeof(Lockless<>),
        typeof(RmapLock<>),

        typeof(ReadModifyStore<>),
        typeof(RmapPlainUnlock<>),
        typeof(RmapRelaxedReader<>),
        typeof(RmapLockEmpty<>),
        typeof(RmapStaleHead<>),
        typeof(RmapKeptLocked<>),
        typeof(RmapUnlockedWriter<>),
        typeof(LocklessNoRcu<>),
    ]);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Member> All { get; } = [.. Roots, .. Kernels, .. Notifiers, .. Ageings];

    /// <summary>What is measured when no strategy is named.</summary>
    public static string MeasuredByDefault => new Member(typeof(Workqueue<>)).Name;

    /// <summary>What is explored when no strategy is named: one that fails.</summary>
    public static string ExploredByDefault => new Member(typeof(AsyncPut<>)).Name;

    /// <summary>Names and texts of the explorer's scenarios, the quickest first: that is the
    /// order in which they are tried. Their format is the explorer's.</summary>
    public static IReadOnlyList<(string Name, string Text)> RootScenarios { get; } =
    [
        Scenario("fast-zap-put"),
        Scenario("two-roots-differ"),
        Scenario("two-roots-two-deletes"),
        Scenario("three-roles"),
        Scenario("three-fast-zaps"),
        Scenario("five-fast-zaps"),
        Scenario("destroy"),
        Scenario("destroy-two-roots"),
        Scenario("fast-zap-destroy"),
        Scenario("last-put-unmap"),
        Scenario("unmap-deleted"),
        Scenario("delete-large"),
        Scenario("two-vcpus-load"),
        Scenario("last-put-fast-zap"),
        Scenario("two-vcpus-put"),
        Scenario("reload-reader"),
        Scenario("two-fast-zaps-put"),
        Scenario("fast-zap-toggle"),
        Scenario("fast-zap-unmap"),
        Scenario("touch-recreated"),
        Scenario("gift-put-readers"),
        Scenario("last-put-readers"),
        Scenario("two-fast-zaps"),
        Scenario("touch-deleted"),
        Scenario("touch-moved"),
        Scenario("fast-zap-reload"),
        Scenario("collect-write"),
        Scenario("recover-fast-zap"),
        Scenario("recover-fault"),
        Scenario("mmio-create"),
        Scenario("split-write"),
        Scenario("merge-fault"),
        Scenario("merge-unmap"),
        Scenario("merge-fast-zap"),
        Scenario("fast-fault-unmap"),
        Scenario("mmio-delete"),
        Scenario("fast-zap-fault"),
        Scenario("toggle-reader"),
        Scenario("fast-zap-dirty-log"),
        Scenario("fast-fault-collect"),
        Scenario("last-put-reader-fast-zap"),
        Scenario("two-roles-fast-zap"),
        Scenario("two-fast-zaps-dirty-log"),
    ];

    /// <summary>Those about faults and accesses beside a notifier, about when a start or an end may be left out, and what that
    /// asks of the memslots.</summary>
    public static IReadOnlyList<(string Name, string Text)> NotifierScenarios { get; } =
    [
        Scenario("fault-between-start-and-end"),
        Scenario("fault-beside-notifier"),
        Scenario("unmap-create"),
        Scenario("unmap-update"),
        Scenario("unmap-two-roots"),
        Scenario("unmap-large"),
        Scenario("unmap-shared"),
        Scenario("unmap-shared-create"),
        Scenario("two-unmaps"),
        Scenario("two-unmaps-fault"),
        Scenario("two-unmaps-create"),
        Scenario("reap-update"),
        Scenario("reap-large"),
        Scenario("start-without-end"),
        Scenario("late-sequence"),
        Scenario("notifier-cycle"),
    ];

    /// <summary>Those about passes over accessed bits.</summary>
    public static IReadOnlyList<(string Name, string Text)> AgeingScenarios { get; } = 
    [
        Scenario("age-fault"),
        Scenario("age-first-fault"),
        Scenario("age-unmap"),
        Scenario("age-shared-page"),
        Scenario("age-unload"),
        Scenario("age-fast-zap"),
        Scenario("test-unmap"),
        Scenario("two-passes"),
        Scenario("two-passes-two-pages"),
    ];

    /// <summary>The scenarios that were written for one family.</summary>
    public static IReadOnlyList<(string Name, string Text)> ScenariosOf(Family family) =>
        family == Family.Roots ? RootScenarios : family == Family.Notifier ? NotifierScenarios : AgeingScenarios;

    /// <summary>Those of one family, the default first.</summary>
    public static IEnumerable<Member> MembersOf(Family family) => All.Where(member => member.Family == family);

    /// <summary>The subject with catalogued members by name: <c>mainline</c>, <c>mainline+always-count</c>.</summary>
    /// <exception cref="ArgumentException">There is none of that name, or they do not go together.</exception>
    public static Subject Named(string name)
    {
        string[] names = name.Split('+');
        return Subject.Of([.. names.Select((one, place) =>
            All.FirstOrDefault(member => member.Name == one && (member.Family == Family.Roots) == (place == 0))
            ?? throw new ArgumentException($"There is no '{one}' in the catalogue."))]);
    }

    private static IReadOnlyList<Member> Members(IEnumerable<Type> types) => [.. types.Select(type => new Member(type))];

    private static (string Name, string Text) Scenario(string name)
    {
        using Stream text = typeof(Catalogue).Assembly.GetManifestResourceStream($"scenarios/{name}")
            ?? throw new InvalidOperationException($"There is no file {name}.scenario in the scenarios of a family.");
        using StreamReader reader = new(text);
        return (name, reader.ReadToEnd());
    }
}
