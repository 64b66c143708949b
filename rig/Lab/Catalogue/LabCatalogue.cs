using System.Reflection;
using Lab.Explorer.Scenarios;
using Lab.Hardware;
using Lab.Mmu;
using Lab.Workloads;

namespace Lab.Application.Catalogue;

/// <summary>A strategy that can be run: its name card and its open generic class.</summary>
public sealed record StrategyEntry(StrategyAttribute Card, Type Type, string Family)
{
    public string Name => Card.Name;

    public bool IsBroken => Card.Status == StrategyStatus.Broken;

    /// <summary>The running kernel does what the others do themselves.</summary>
    public bool NeedsKernel => SlotUpdates != SlotUpdates.Lab;

    public SlotUpdates SlotUpdates => Card.Needs switch
    {
        StrategyNeeds.KernelSlots => SlotUpdates.Kernel,
        StrategyNeeds.KernelSlotsZappedAlone => SlotUpdates.KernelSlotAlone,
        _ => SlotUpdates.Lab,
    };

    public bool IsBound => Card.Status == StrategyStatus.Bound;

    /// <summary>Whether it can drive an MMU of that name.</summary>
    public bool FitsMmu(string mmu) => Card.Needs switch
    {
        StrategyNeeds.KernelSlots or StrategyNeeds.KernelSlotsZappedAlone => mmu == "kvm",
        StrategyNeeds.OneThread => mmu == "radix",
        _ => true,
    };

    public Func<Vm<TMachine>, RootStrategy<TMachine>> FactoryFor<TMachine>()
        where TMachine : struct, IMachine
    {
        Type type = Type.MakeGenericType(typeof(TMachine));
        return vm => (RootStrategy<TMachine>)Activator.CreateInstance(type, vm)!;
    }
}

/// <summary>A workload that can be run.</summary>
public sealed record WorkloadEntry(WorkloadAttribute Card, Type Type)
{
    public string Name => Card.Name;

    public Workload<TMachine> Create<TMachine>(VmSource<TMachine> source, WorkloadParameters parameters)
        where TMachine : struct, IMachine =>
        (Workload<TMachine>)Activator.CreateInstance(
            Type.MakeGenericType(typeof(TMachine)), BindingFlags.DoNotWrapExceptions | BindingFlags.Public | BindingFlags.Instance | BindingFlags.CreateInstance, binder: null, [source, parameters], culture: null)!;
}

/// <summary>What can be named on the command line. Strategies of other assemblies join by <c>--plugin</c>.</summary>
public sealed class LabCatalogue
{
    private readonly List<StrategyEntry> _strategies = [.. Lab.Strategies.Catalogue.RootStrategies.Concat(Lab.Strategies.Catalogue.KernelStrategies).Select(type => EntryOf(type))];

    public IReadOnlyList<StrategyEntry> Strategies => _strategies;

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

    /// <summary>Adds the strategies that an assembly offers.</summary>
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
        if (!type.IsGenericTypeDefinition || type.GetCustomAttribute<StrategyAttribute>() is null || !IsStrategy(type))
            throw new UsageException($"--plugin '{path}': {type.Name} is not an open generic RootStrategy<TMachine> with a [Strategy] attribute.");
        StrategyEntry entry = EntryOf(type, family: "plugin");
        if (_strategies.Any(known => known.Name == entry.Name))
            throw new UsageException($"--plugin '{path}' offers '{entry.Name}', but there is a strategy of that name; rename it.");
        _strategies.Add(entry);
    }

    private static bool IsStrategy(Type type)
    {
        for (Type? ancestor = type.BaseType; ancestor is not null; ancestor = ancestor.BaseType)
            if (ancestor.IsGenericType && ancestor.GetGenericTypeDefinition() == typeof(RootStrategy<>)) return true;
        return false;
    }

    private static StrategyEntry EntryOf(Type type, string? family = null)
    {
        StrategyAttribute card = type.GetCustomAttribute<StrategyAttribute>()!;
        family ??= card.Status switch
        {
            StrategyStatus.Broken => "roots/broken",
            StrategyStatus.Bound => "bound",
            _ when card.Needs is StrategyNeeds.KernelSlots or StrategyNeeds.KernelSlotsZappedAlone => "kernel",
            _ => "roots",
        };
        return new StrategyEntry(card, type, family);
    }
}
