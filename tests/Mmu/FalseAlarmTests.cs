using Lab.Mmu;
using Lab.Tests.Measure;
using Xunit;

namespace Lab.Tests.Mmu;

/// <summary>Beside no other test: it tells its VM's reclaimer from others by there being none.</summary>
[Collection(TimingCollection.Name)]
public unsafe class FalseAlarmTests
{
    [Fact]
    public void A_root_that_is_freed_while_the_fast_zap_is_checked_is_not_taken_for_one_left_behind()
    {
        Script script = new();
        using Vm<ScriptedMachine> vm = ScriptedVm.New(Lab.Strategies.Catalogue.Named("mainline").Design<ScriptedMachine>() with
        {
            Mmu = one => new RadixMmu<ScriptedMachine, FourLevels>(
                one.Machine, one.Settings, one.MmuLock, one.Requests, one.Oracle) { Watch = new Looks(script) },
        }, script);
        vm.Touch(ScriptedVm.Main);
        nint table = (nint)vm.Vcpus[0].Root.Table;
        // Entry 0 of whatever the table is.
        bool IsInUse() => Spte.IsPresent(*(ulong*)table);
        Gate entered = new();
        Gate leave = new();
        bool reclaimerWaited = false;
        bool freed = false;
        bool usedAgain = false;
        // A reader holds the root's grace period open until the check stands in the middle of the root's table.
        ActorThread reader = new("reader", () =>
        {
            vm.Machine.EnterRcu(vm.Rcu);
            entered.Open();
            leave.Await("leave to end the section");
            vm.Machine.ExitRcu(vm.Rcu);
        });
        entered.Await("the reader");

        void UseTheTableAgain()
        {
            script.BeforeLook = null;
            leave.Open();
            freed = SpinWait.SpinUntil(() => vm.Rcu.Pending == 0, TimeSpan.FromSeconds(120));
            vm.Touch(ScriptedVm.Main);
            usedAgain = IsInUse();
        }

        script.Once(PausePoint.FastZap, () =>
        {
            vm.Vcpus[0].Unload();
            // Nothing in stock: the next table that the vCPU takes is the one freed last.
            vm.Vcpus[0].Tables.Drain();
            script.HoldsBackTables = true;
            script.AfterExitShared = () =>
            {
                // The fast zap has put the root; its check comes next.
                script.AfterExitShared = null;
                reclaimerWaited = SpinWait.SpinUntil(
                    () => Actor.All().Any(actor => actor.WaitingFor == "grace period of page tables"), TimeSpan.FromSeconds(120));
                script.BeforeLook = UseTheTableAgain;
            };
        });
        vm.Slots.Delete(1);
        leave.Open();
        reader.Join();
        script.HandOverTables(vm.Rcu);
        Assert.True(reclaimerWaited);
        Assert.True(freed);
        Assert.True(usedAgain);
        vm.Destroy();
        Assert.Empty(vm.Oracle.Violations);
        Assert.Equal(0, vm.TablePagesLeft);
    }

    private sealed class Looks(Script script) : ITableWatch
    {
        public void OnTaking(TdpRoot root) { }

        public void OnTaken(TdpRoot root, ulong* table) { }

        public void OnApart(TdpRoot root) { }

        public void OnWalk() { }

        public void OnYield(Gfn goal) { }

        public void OnLook() => script.BeforeLook?.Invoke();
    }
}
