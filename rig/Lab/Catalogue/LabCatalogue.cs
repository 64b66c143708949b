using System.Reflection;
using Lab.Explorer.Scenarios;
using Lab.Mmu;
using Lab.Settings;
using Lab.Strategies;
using Lab.Workloads;

namespace Lab.Application.Catalogue;

/// <summary>A workload that can be run.</summary>
public sealed record WorkloadEntry(WorkloadAttribute Card, Type Type)
{
    public string Name => Card.Name;

    public bool Needs(WorkloadNeeds what) => Card.Needs.HasFlag(what);

    public bool Offers(WorkloadOffers what) => Card.Offers.HasFlag(what);

    /// <summary>
    /// Whether the strategy can be measured on it: bounds are floors of a memslot update and mean nothing elsewhere, the kernel does not show its roots,
    /// and only the kernel has slots of its own.
    /// </summary>
    public bool Takes(Subject strategy) =>
        strategy.IsBound ? Offers(WorkloadOffers.Floors)
            : strategy.NeedsKernel ? !Needs(WorkloadNeeds.Roots)
            : !Needs(WorkloadNeeds.KernelSlots);

    public Workload<TMachine> Create<TMachine>(VmSource<TMachine> source, WorkloadParameters parameters)
        where TMachine : struct, IMachine =>
        (Workload<TMachine>)Activator.CreateInstance(
            Type.MakeGenericType(typeof(TMachine)), BindingFlags.DoNotWrapExceptions | BindingFlags.Public | BindingFlags.Instance | BindingFlags.CreateInstance, binder: null, [source, parameters], culture: null)!;
}

/// <summary>What can be named on the command line. Members that other assemblies offer join by <c>--plugin</c>.</summary>
public sealed class LabCatalogue
{
    private readonly List<Member> _members = [.. Lab.Strategies.Catalogue.All];

    /// <summary>The root strategies, each with what goes with it unsaid.</summary>
    public IReadOnlyList<Subject> Strategies => [.. MembersOf(Family.Roots).Select(one => Subject.Of([one]))];

    public IReadOnlyList<WorkloadEntry> Workloads { get; } =
        [.. Lab.Workloads.Catalogue.Workloads.Select(type => new WorkloadEntry(type.GetCustomAttribute<WorkloadAttribute>()!, type))];

    /// <summary>Page-table implementations and what they are.</summary>
    public IReadOnlyList<(string Name, string Idea)> Mmus { get; } =
        [
            ("radix", "page tables in native memory, walked in software, with a software TLB per vCPU"),
            ("kvm", "each root is a KVM VM from a pool: the processor walks under virtualization, a zap deletes memslots"),
            ("host", "each root is a window of the process's address space: the processor walks, a zap is madvise"),
        ];

    /// <summary>Scenarios of the explorer, with their parameters as their files have them.</summary>
    public IReadOnlyList<Scenario> Scenarios => field ??= [.. Lab.Strategies.Catalogue.RootScenarios.Select(one => ScenarioText.Parse(one.Name, one.Text))];

    public Scenario Scenario(string name) => Scenarios.First(one => one.Name == name);

    /// <summary>Those that can be named, of one family.</summary>
    public IReadOnlyList<Member> MembersOf(Family family) => [.. _members.Where(member => member.Family == family)];

    /// <summary>The subject that somebody typed: <c>mainline</c>, <c>mainline+always-count</c>.</summary>
    /// <param name="text">Names of members, that of a root strategy first.</param>
    /// <param name="roots">Strategies that it may begin with.</param>
    /// <param name="others">Members for the families that the text does not name.</param>
    /// <exception cref="UsageException">There is none of that name, or they do not go together.</exception>
    public Subject Named(string text, IReadOnlyList<Subject> roots, params IReadOnlyList<Member> others)
    {
        string[] names = text.Split('+', StringSplitOptions.TrimEntries);
        Member[] said =
        [
            Names.Find(Family.Roots.Noun, names[0], roots, one => one.Name).Roots,
            .. names.Skip(1).Select(name => Names.Find("notifier or ageing scheme", name, [.. _members.Where(member => member.Family != Family.Roots)], one => one.Name)),
        ];
        Member[] members = [.. said, .. others.Where(other => said.All(one => one.Family != other.Family))];
        if (members.FirstOrDefault(member => Subject.WhyNot(said[0], member) is not null) is { } stranger)
        {
            string fitting = string.Join(", ", MembersOf(stranger.Family).Where(one => Subject.WhyNot(said[0], one) is null).Select(one => one.Name));
            throw new UsageException($"{Subject.WhyNot(said[0], stranger)!.TrimEnd('.')}; with it go: {fitting}.");
        }
        try
        {
            return Subject.Of(members);
        }
        catch (ArgumentException error)
        {
            throw new UsageException(error.Message);
        }
    }

    /// <summary>What to name for memslot updates of the running kernel.</summary>
    public string Kernels => Strategies.First(strategy => strategy.SlotUpdates == SlotUpdates.Kernel).Name;

    /// <summary>The strategies of a comma-separated list; 'all' is every sound one and the bounds.</summary>
    /// <exception cref="UsageException">No such strategy, or none for that MMU.</exception>
    public IReadOnlyList<Subject> StrategiesNamed(string text, string mmu)
    {
        IReadOnlyList<Subject> chosen = Listed("--strategy", text, Strategies, entry => !entry.IsBroken && entry.FitsMmu(mmu), name => Named(name, Strategies));
        if (chosen.FirstOrDefault(entry => !entry.FitsMmu(mmu)) is not { } stranger) return chosen;
        throw new UsageException(stranger.NeedsKernel
            ? $"--strategy {stranger.Name} is what the running kernel does and needs --mmu kvm, not {mmu}."
            : $"--strategy {stranger.Name} takes turns on one thread and needs --mmu radix, not {mmu}.");
    }

    /// <summary>The workloads of a comma-separated list, or 'all'.</summary>
    /// <exception cref="UsageException">No such workload.</exception>
    public IReadOnlyList<WorkloadEntry> WorkloadsNamed(string text) => Listed("--workload", text, Workloads, _ => true, name => Names.Find("workload", name, Workloads, entry => entry.Name));

    /// <exception cref="UsageException">No strategy can be measured on any of the workloads.</exception>
    public void RefuseIfNothingFits(IReadOnlyList<Subject> strategies, IReadOnlyList<WorkloadEntry> workloads)
    {
        if (strategies.Any(strategy => workloads.Any(workload => workload.Takes(strategy)))) return;
        string Those(Func<WorkloadEntry, bool> which) => string.Join(" and ", Workloads.Where(which).Select(workload => workload.Name));
        if (workloads.FirstOrDefault(workload => workload.Needs(WorkloadNeeds.KernelSlots)) is { } ofKernel)
            throw new UsageException($"--workload {ofKernel.Name} is about memslots of the running kernel and needs --strategy {Kernels} with --mmu kvm.");
        if (strategies.FirstOrDefault(strategy => strategy.NeedsKernel) is { } kernel)
        {
            throw new UsageException($"--strategy {kernel.Name} shows no roots, which {Those(one => one.Needs(WorkloadNeeds.Roots))} are about; "
                + "add a strategy, or another --workload.");
        }
        string floored = Those(one => one.Offers(WorkloadOffers.Floors));
        throw new UsageException($"--strategy names only bounds, which are floors of {floored}; add a strategy, or --workload {floored}.");
    }

    private static IReadOnlyList<T> Listed<T>(string option, string text, IReadOnlyList<T> all, Func<T, bool> isOneOfAll, Func<string, T> named)
    {
        List<T> chosen = [];
        foreach (string name in Names.Items(option, text)) chosen.AddRange((name == "all" ? all.Where(isOneOfAll) : [named(name)]).Except(chosen));
        return chosen;
    }

    /// <summary>Adds the members that an assembly offers.</summary>
    /// <exception cref="UsageException">No such file, not an assembly, nothing offered, or a name that is taken.</exception>
    public void AddPlugin(string path)
    {
        if (!File.Exists(path)) throw new UsageException($"--plugin '{path}' does not exist; give the path of a compiled assembly (.dll).");
        Type[] offered;
        try
        {
            Assembly assembly = Assembly.LoadFrom(Path.GetFullPath(path));
            offered = [.. assembly.GetCustomAttributes<OffersStrategyAttribute>().Select(offer => offer.Type)];
        }
        catch (Exception error) when (error is BadImageFormatException or FileLoadException or FileNotFoundException or TypeLoadException)
        {
            throw new UsageException($"--plugin '{path}' cannot be loaded: {error.Message.Split('\n')[0].TrimEnd('.')}; compile it for net10.0 against this lab.");
        }
        if (offered.Length == 0)
            throw new UsageException($"--plugin '{path}' offers no strategy; add [assembly: OffersStrategy(typeof(MyStrategy<>))] to it.");
        foreach (Type type in offered) Add(path, type);
    }

    private void Add(string path, Type type)
    {
        Member member;
        try
        {
            member = new Member(type, folder: "plugin");
        }
        catch (ArgumentException error)
        {
            throw new UsageException($"--plugin '{path}': {error.Message}");
        }
        if (_members.Any(known => known.Family == member.Family && known.Name == member.Name))
            throw new UsageException($"--plugin '{path}' offers '{member.Name}', but there is a {member.Family.Noun} of that name; rename it.");
        _members.Add(member);
    }
}
