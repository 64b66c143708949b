using Lab.Mmu;

namespace Lab.Strategies;

/// <summary>What a VM is built from, by name: a member of each family. Printed as <c>mainline+slots-rwsem+lockless</c>, what is
/// the default unsaid: so <c>mainline</c> alone is what it was before there were families.</summary>
public sealed record Subject
{
    private Subject(Member roots, Member notifier, Member ageing) => (Roots, Notifier, Ageing) = (roots, notifier, ageing);

    public Member Roots { get; }

    public Member Notifier { get; }

    public Member Ageing { get; }

    /// <summary>As it is printed and typed, and as files and replay strings have it.</summary>
    public string Name => string.Join('+', [Roots.Name, .. Said.Select(member => member.Name)]);

    /// <summary>The members beside the roots that are not the default.</summary>
    public IEnumerable<Member> Said => Members.Skip(1).Where(member => member != DefaultBeside(Roots, member.Family));

    public bool IsBroken => Members.Any(member => member.IsBroken);

    public bool IsBound => Members.Any(member => member.IsBound);

    public bool NeedsKernel => Roots.NeedsKernel;

    /// <summary>What is wrong with those of its members that are broken, and what it takes to see it.</summary>
    public string Breaks => string.Join("; ", Members.Where(member => member.IsBroken).Select(member => member.Card.Breaks));

    /// <summary>What the roots need of the rig.</summary>
    public StrategyNeeds Needs => Roots.Card.Needs;

    /// <summary>Whether vCPUs may load and put its roots under the shared hold, as a VM made to be asked says.</summary>
    public bool LoadsRootsShared
    {
        get
        {
            if (NeedsKernel) return false;
            using Vm<Metal> vm = new(default, new VmSettings { Vcpus = 1, MemoryBytes = 1 << 20 }, Design<Metal>());
            return vm.Strategy.LoadsRootsShared;
        }
    }

    public SlotUpdates SlotUpdates => Needs switch
    {
        StrategyNeeds.KernelSlots => SlotUpdates.Kernel,
        StrategyNeeds.KernelSlotsZappedAlone => SlotUpdates.KernelSlotAlone,
        _ => SlotUpdates.Lab,
    };

    public IReadOnlyList<Member> Members => [Roots, Notifier, Ageing];

    /// <summary>The subject with these members and, for the other families, those that go with them unsaid.</summary>
    /// <exception cref="ArgumentException">No roots, two of one family, or members that do not go together; the message is a
    /// sentence.</exception>
    public static Subject Of(IReadOnlyList<Member> members)
    {
        Member roots = members.FirstOrDefault(member => member.Family == Family.Roots)
            ?? throw new ArgumentException("A subject begins with a strategy.");
        if (members.GroupBy(member => member.Family).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"{string.Join(" and ", twice.Select(one => $"'{one.Name}'"))} cannot be together: a VM "
                + $"has one {twice.Key.Noun}.");
        }
        Member Chosen(Family family) => members.FirstOrDefault(member => member.Family == family) ?? DefaultBeside(roots, family);
        if (members.Select(member => WhyNot(roots, member)).OfType<string>().FirstOrDefault() is { } refusal)
        {
            throw new ArgumentException(refusal);
        }
        return new Subject(roots, Chosen(Family.Notifier), Chosen(Family.Ageing));
    }

    /// <summary>Why the member cannot be beside these roots, in a sentence; null if it can.</summary>
    public static string? WhyNot(Member roots, Member member)
    {
        if (member.Family == Family.Notifier && member.NeedsKernel != roots.NeedsKernel)
        {
            return roots.NeedsKernel
                ? $"{member.Family.Noun} '{member.Name}' is the lab's own, and with '{roots.Name}' it is the running kernel "
                    + "that is notified."
                : $"{member.Family.Noun} '{member.Name}' is the running kernel's, and '{roots.Name}' keeps the guest's "
                    + "mappings itself.";
        }
        return member.Card.Needs == StrategyNeeds.AccessedBits && roots.NeedsKernel
            ? $"{member.Family.Noun} '{member.Name}' clears accessed bits, and with '{roots.Name}' those are the "
                + "running kernel's."
            : null;
    }

    /// <summary>Whether it can drive an MMU of that name.</summary>
    public bool FitsMmu(string mmu) => Members.All(member => member.Card.Needs switch
    {
        StrategyNeeds.KernelSlots or StrategyNeeds.KernelSlotsZappedAlone => mmu == "kvm",
        StrategyNeeds.OneThread or StrategyNeeds.AccessedBits => mmu == "radix",
        _ => true,
    });

    /// <summary>How its VMs are built.</summary>
    /// <param name="mmu">Makes the page tables; null for the radix ones.</param>
    public VmDesign<TMachine> Design<TMachine>(Func<Vm<TMachine>, IMmu>? mmu = null)
        where TMachine : struct, IMachine =>
        new(Roots.Maker<RootStrategy<TMachine>, TMachine>(), Notifier.Maker<MmuNotifier<TMachine>, TMachine>(),
            Ageing.Maker<Ageing<TMachine>, TMachine>(), mmu);

    public override string ToString() => Name;

    /// <summary>The first of the family's list that can be beside the roots.</summary>
    private static Member DefaultBeside(Member roots, Family family) =>
        Catalogue.MembersOf(family).First(member => WhyNot(roots, member) is null);
}
