namespace Lab.Explorer.Orders;

/// <summary>The memory models, from strong to weak.</summary>
internal static class OrderModels
{
    internal static IReadOnlyList<OrderModel> All { get; } =
    [
        new SequentialModel(),
        new TsoModel(),
        new ReleaseAcquireModel(),
        new RepairedC11Model(),
        new ArmModel(hasLdapr: false),
        new ArmModel(hasLdapr: true),
        new KernelModel(),
    ];

    internal static OrderModel Of(MemoryModel model) => All[(int)model];
}
