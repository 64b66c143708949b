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

    /// <summary>Whether it can be run on that MMU.</summary>
    public bool FitsMmu(string mmu) => mmu == "radix" || !Needs(WorkloadNeeds.Tables);

    public bool Needs(WorkloadNeeds what) => Card.Needs.HasFlag(what);

    public bool Offers(WorkloadOffers what) => Card.Offers.HasFlag(what);

    /// <summary>Whether the strategy can be measured on it: bounds are floors of a memslot update and mean nothing elsewhere, the
    /// kernel does not show its roots, and where the processor walks only the kernel has a dirty log.</summary>
    public bool Takes(Subject strategy, string mmu) =>
        strategy.IsBound ? Offers(WorkloadOffers.Floors)
            : strategy.NeedsKernel ? !Needs(WorkloadNeeds.Roots)
            : mmu == "radix" || !Needs(WorkloadNeeds.DirtyLog);

    public Workload<TMachine> Create<TMachine>(VmSource<TMachine> source, WorkloadParameters parameters)
        where TMachine : struct, IMachine =>
        (Workload<TMachine>)Activator.CreateInstance(
            Type.MakeGenericType(typeof(TMachine)), BindingFlags.DoNotWrapExceptions | BindingFlags.Public | BindingFlags.Instance
                | BindingFlags.CreateInstance, binder: null, [source, parameters], culture: null)!;
}

/// <summary>What can be named on the command line. Members that other assemblies offer join by <c>--plugin</c>.</summary>
public sealed class LabCatalogue
{
    private readonly List<Member> _members = [.. Lab.Strategies.Catalogue.All];

    /// <summary>The root strategies, each with what goes with it unsaid.</summary>
    public IReadOnlyList<Subject> Strategies => [.. MembersOf(Family.Roots).Select(one => Subject.Of([one]))];

    public IReadOnlyList<WorkloadEntry> Workloads { get; } =
        [.. Lab.Workloads.Catalogue.Workloads.Select(
            type => new WorkloadEntry(type.GetCustomAttribute<WorkloadAttribute>()!, type))];

    /// <summary>Page-table implementations and what they are.</summary>
    public IReadOnlyList<(string Name, string Idea)> Mmus { get; } =
        [
            ("radix", "page tables in native memory, walked in software, with a software TLB per vCPU"),
            ("kvm", "each root is a KVM VM from a pool: the processor walks under virtualization, a zap deletes memslots"),
            ("host", "each root is a window of the process's address space: the processor walks, a zap is madvise"),
        ];

    /// <summary>Scenarios of the explorer, with their parameters as their files have them: the root strategies' first.</summary>
    public IReadOnlyList<Scenario> Scenarios => field ??= [.. Family.All.SelectMany(ScenariosOf)];

    public Scenario Scenario(string name) => Scenarios.First(one => one.Name == name);

    /// <summary>Those that were written for one family.</summary>
    public static IEnumerable<Scenario> ScenariosOf(Family family) =>
        Lab.Strategies.Catalogue.ScenariosOf(family).Select(one => ScenarioText.Parse(one.Name, one.Text));

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
            .. names.Skip(1).Select(name => Names.Find("notifier or ageing scheme", name,
                [.. _members.Where(member => member.Family != Family.Roots)], one => one.Name)),
        ];
        Member[] members = [.. said, .. others.Where(other => said.All(one => one.Family != other.Family))];
        if (members.FirstOrDefault(member => Subject.WhyNot(said[0], member) is not null) is { } stranger)
        {
            string fitting = string.Join(", ",
                MembersOf(stranger.Family).Where(one => Subject.WhyNot(said[0], one) is null).Select(one => one.Name));
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

    /// <summary>The subjects of comma-separated lists that can be measured on that MMU; 'all' is every sound strategy and the
    /// bounds.</summary>
    /// <exception cref="UsageException">No such strategy, notifier or ageing scheme, or none for that MMU.</exception>
    public IReadOnlyList<Subject> SubjectsFor(string mmu, string strategies, string notifiers, string ageings)
    {
        IReadOnlyList<Subject> chosen =
            SubjectsNamed(strategies, notifiers, ageings, Strategies, ("all", entry => !entry.IsBroken && entry.FitsMmu(mmu)));
        if (chosen.FirstOrDefault(entry => !entry.FitsMmu(mmu)) is not { } stranger) return chosen;
        throw new UsageException(
            stranger.NeedsKernel ? $"--strategy {stranger.Name} is what the running kernel does and needs --mmu kvm, not {mmu}."
            : stranger.Ageing.Card.Needs == StrategyNeeds.AccessedBits
                ? $"--ageing {stranger.Ageing.Name} clears accessed bits, which only --mmu radix has of its own, not {mmu}."
                : $"--strategy {stranger.Name} takes turns on one thread and needs --mmu radix, not {mmu}.");
    }

    /// <summary>The workloads of a comma-separated list, or 'all' that can be run on that MMU.</summary>
    /// <exception cref="UsageException">No such workload, or not on that MMU.</exception>
    public IReadOnlyList<WorkloadEntry> WorkloadsFor(string mmu, string text)
    {
        WorkloadEntry[] chosen =
        [
            .. Names.Items("--workload", text)
                .SelectMany(name => name == "all" ? Workloads.Where(one => one.FitsMmu(mmu))
                    : [Names.Find("workload", name, Workloads, entry => entry.Name)])
                .Distinct(),
        ];
        if (chosen.FirstOrDefault(one => !one.FitsMmu(mmu)) is not { } stranger) return chosen;
        throw new UsageException(
            $"--workload {stranger.Name} takes single page tables apart, which only --mmu radix has of its own, not {mmu}.");
    }

    /// <exception cref="UsageException">No strategy can be measured on any of the workloads.</exception>
    public void RefuseIfNothingFits(string mmu, IReadOnlyList<Subject> strategies, IReadOnlyList<WorkloadEntry> workloads)
    {
        if (strategies.Any(strategy => workloads.Any(workload => workload.Takes(strategy, mmu)))) return;
        string Those(Func<WorkloadEntry, bool> which) =>
            string.Join(" and ", Workloads.Where(which).Select(workload => workload.Name));
        if (mmu != "radix" && workloads.FirstOrDefault(workload => workload.Needs(WorkloadNeeds.DirtyLog)) is { } logged)
        {
            throw new UsageException($"--workload {logged.Name} needs a dirty log, which the lab keeps with --mmu radix and the "
                + $"running kernel with --mmu kvm --strategy {Kernels}.");
        }
        if (strategies.FirstOrDefault(strategy => strategy.NeedsKernel) is { } kernel)
        {
            throw new UsageException(
                $"--strategy {kernel.Name} shows no roots, which {Those(one => one.Needs(WorkloadNeeds.Roots))} are about; "
                + "add a strategy, or another --workload.");
        }
        string floored = Those(one => one.Offers(WorkloadOffers.Floors));
        throw new UsageException(
            $"--strategy names only bounds, which are floors of {floored}; add a strategy, or --workload {floored}.");
    }

    /// <summary>The subjects of comma-separated lists: each strategy beside each notifier and each ageing scheme. What a
    /// strategy's own text says, as <c>mainline+always-count</c> does, is not said again.</summary>
    /// <param name="strategies">Subjects, or words for several.</param>
    /// <param name="notifiers">Names, 'all' for the sound and 'broken' for the broken ones; empty for what goes with the strategy
    /// unsaid.</param>
    /// <param name="ageings">Likewise.</param>
    /// <param name="roots">Strategies that may be meant.</param>
    /// <param name="words">Words for several of them, which are taken as far as they go with the rest.</param>
    /// <exception cref="UsageException">There is none of a name, or what was named does not go together.</exception>
    public IReadOnlyList<Subject> SubjectsNamed(string strategies, string notifiers, string ageings, IReadOnlyList<Subject> roots,
        params IReadOnlyList<(string Word, Func<Subject, bool> Means)> words)
    {
        IReadOnlyList<Member[]> ageing = MembersNamed(Family.Ageing, ageings);
        Member[][] beside =
            [.. MembersNamed(Family.Notifier, notifiers).SelectMany(one => ageing.Select(other => (Member[])[.. one, .. other]))];
        List<Subject> chosen = [];
        foreach (string text in Names.Items("--strategy", strategies))
        {
            Func<Subject, bool>? means = words.FirstOrDefault(one => one.Word == text).Means;
            foreach (Member[] others in beside)
            {
                Subject[] meant = means is null
                    ? [Named(text, roots, others)]
                    : [.. roots.Where(means).Where(one => others.All(other => Subject.WhyNot(one.Roots, other) is null))
                        .Select(one => Subject.Of([one.Roots, .. others]))];
                chosen.AddRange(meant.Except(chosen));
            }
        }
        return chosen.Count > 0 ? chosen : throw new UsageException(
            $"--strategy {strategies} names none that goes with --notifier {notifiers} or --ageing {ageings}.");
    }

    /// <summary>One choice after the other; the only one is to say nothing if nothing was said.</summary>
    private IReadOnlyList<Member[]> MembersNamed(Family family, string text)
    {
        if (text.Length == 0) return [[]];
        IReadOnlyList<Member> all = MembersOf(family);
        return [.. Names.Items($"--{family.Name}", text).SelectMany(name => name switch
        {
            // The running kernel's goes with its own strategies only, beside which there is no other.
            "all" => all.Where(member => !member.IsBroken && !member.NeedsKernel),
            "broken" => all.Where(member => member.IsBroken),
            _ => [Names.Find(family.Noun, name, all, member => member.Name)],
        }).Distinct().Select(member => (Member[])[member])];
    }

    /// <summary>The subject that somebody typed, or null if it is none.</summary>
    public Subject? Find(string text)
    {
        try
        {
            return Named(text, Strategies);
        }
        catch (UsageException)
        {
            return null;
        }
    }

    /// <summary>Adds the members that an assembly offers.</summary>
    /// <exception cref="UsageException">No such file, not an assembly, nothing offered, a name that is taken or none.</exception>
    public void AddPlugin(string path)
    {
        if (!File.Exists(path)) throw new UsageException(
            $"--plugin '{path}' does not exist; give the path of a compiled assembly (.dll).");
        Type[] offered;
        try
        {
            Assembly assembly = Assembly.LoadFrom(Path.GetFullPath(path));
            offered = [.. assembly.GetCustomAttributes<OffersStrategyAttribute>().Select(offer => offer.Type)];
        }
        catch (Exception error)
            when (error is BadImageFormatException or FileLoadException or FileNotFoundException or TypeLoadException)
        {
            throw new UsageException($"--plugin '{path}' cannot be loaded: {error.Message.Split('\n')[0].TrimEnd('.')}; compile "
                + "it for net10.0 against this lab.");
        }
        if (offered.Length == 0) throw new UsageException(
            $"--plugin '{path}' offers no strategy; add [assembly: OffersStrategy(typeof(MyStrategy<>))] to it.");
        foreach (Type type in offered) Add(path, type);
    }

    /// <summary>Adds a member that the assembly at <paramref name="path"/> offers.</summary>
    /// <exception cref="UsageException">It is none, or its name is taken or no name.</exception>
    internal void Add(string path, Type type)
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
        // Files of results have names on one line, and refuse others.
        if (member.Name.Length == 0 || member.Name.Any(char.IsControl))
        {
            throw new UsageException(
                $"--plugin '{path}' offers '{member.Name}', which is no name: it is empty or has control characters; rename it.");
        }
        // Behind a plus notifiers and ageing schemes are told apart by name alone.
        if (_members.Find(known => known.Name == member.Name && (known.Family == Family.Roots) == (member.Family == Family.Roots))
            is { } taken)
        {
            throw new UsageException(
                $"--plugin '{path}' offers '{member.Name}', but that is the name of another {taken.Family.Noun}; rename it.");
        }
        _members.Add(member);
    }
}
