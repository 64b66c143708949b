using Lab.Mmu;
using Lab.Strategies;
using Xunit;

namespace Lab.Tests.Strategies;

/// <summary>What a VM is built from, as it is printed and typed.</summary>
public sealed class SubjectTests
{
    public static TheoryData<string> Roots => [.. Catalogue.MembersOf(Family.Roots).Select(member => member.Name)];

    [Theory]
    [MemberData(nameof(Roots))]
    public void What_is_the_default_is_unsaid_and_the_name_reads_back(string name)
    {
        Subject subject = Catalogue.Named(name);
        Assert.Equal(name, subject.Name);
        Assert.Equal(subject, Catalogue.Named(subject.Name));
    }

    [Fact]
    public void A_default_may_be_said_and_is_printed_without_all_the_same() =>
        Assert.Equal(("mainline", Catalogue.Named("mainline")),
            (Catalogue.Named("mainline+none+always-count").Name, Catalogue.Named("mainline+always-count+none")));

    [Fact]
    public void What_is_not_the_default_is_said_in_the_order_of_the_families()
    {
        Member[] members = [new Member(typeof(Sleepy<>)), Catalogue.Named("workqueue").Roots, new Member(typeof(Quiet<>))];
        Subject subject = Subject.Of(members);
        Assert.Equal("workqueue+quiet+sleepy", subject.Name);
        Assert.Equal((true, false, "I5: test"), (subject.IsBroken, subject.IsBound, subject.Breaks));
        using Vm<Metal> vm = new(default, new VmSettings { Vcpus = 1, MemoryBytes = 2 << 20 }, subject.Design<Metal>());
        Assert.IsType<Quiet<Metal>>(vm.Notifier);
        Assert.IsType<Sleepy<Metal>>(vm.Ageing);
    }

    [Theory]
    [InlineData("kernel+always-count", "notified")]
    [InlineData("mainline+kernel", "the running kernel's")]
    [InlineData("mainline+always-count+always-count", "a VM has one notifier")]
    [InlineData("mainline+workqueue", "no 'workqueue'")]
    [InlineData("always-count", "no 'always-count'")]
    public void Members_that_do_not_go_together_are_refused(string name, string why) =>
        Assert.Contains(why, Assert.Throws<ArgumentException>(() => Catalogue.Named(name)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(typeof(string))]
    [InlineData(typeof(MmuNotifier<>))]
    [InlineData(typeof(WithoutCard<>))]
    [InlineData(typeof(MadeOfNothing<>))]
    public void What_is_no_member_is_refused_in_a_sentence(Type type) =>
        Assert.Contains($"{type.Name} is no open generic class", Assert.Throws<ArgumentException>(() => new Member(type)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Names_are_taken_once_in_a_family_and_in_all_that_can_follow_a_plus()
    {
        Assert.Distinct(Catalogue.MembersOf(Family.Roots).Select(member => member.Name));
        Assert.Distinct(Catalogue.All.Where(member => member.Family != Family.Roots).Select(member => member.Name));
        Assert.All(Catalogue.All, member => Assert.DoesNotContain('+', member.Name));
    }

    [Strategy("quiet", Status = StrategyStatus.Broken, Idea = "zaps nothing", Source = "test", Breaks = "I5: test")]
    private sealed class Quiet<TMachine>(Vm<TMachine> vm) : MmuNotifier<TMachine>(vm)
        where TMachine : struct, IMachine
    {
        public override void RangeStart(GfnRange range) { }

        public override void RangeEnd(GfnRange range) { }
    }

    [Strategy("sleepy", Idea = "finds nothing young", Source = "test")]
    private sealed class Sleepy<TMachine>(Vm<TMachine> vm) : Ageing<TMachine>(vm)
        where TMachine : struct, IMachine
    {
        public override bool ClearYoung(GfnRange range) => false;

        public override bool TestYoung(GfnRange range) => false;
    }

    private sealed class WithoutCard<TMachine>(Vm<TMachine> vm) : Ageing<TMachine>(vm)
        where TMachine : struct, IMachine
    {
        public override bool ClearYoung(GfnRange range) => false;

        public override bool TestYoung(GfnRange range) => false;
    }

    [Strategy("nothing", Idea = "takes no VM", Source = "test")]
    private sealed class MadeOfNothing<TMachine>() : Ageing<TMachine>(null!)
        where TMachine : struct, IMachine
    {
        public override bool ClearYoung(GfnRange range) => false;

        public override bool TestYoung(GfnRange range) => false;
    }
}
