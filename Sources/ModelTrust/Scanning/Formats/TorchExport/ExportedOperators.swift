/// What an exported program may call.
enum ExportedOperators {
    private static func words(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }

    /// Judges a target: `torch.ops.aten.add.Tensor`, `_operator.mul`.
    static func judge(_ target: String) -> ScanVerdict {
        let parts = target.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy(isName) else { return .notProven }
        switch (parts[0], parts.count) {
        case ("_operator", 2): return operators.contains(parts[1]) ? .proven : .notProven
        case ("math", 2): return functions.contains(parts[1]) ? .proven : .notProven
        case ("torch", 2): return sizes.contains(parts[1]) ? .proven : hostile(parts)
        case ("torch", 4...5) where parts[1] == "ops": break
        default: return hostile(parts)
        }
        switch parts[2] {
        case "higher_order": return parts.count == 4 && orders.contains(parts[3]) ? .proven : .notProven
        case "aten":
            if TorchScriptNames.hostile.contains(parts[3]) { return .unsafe }
            if aten.contains(parts[3]) { return .proven }
            return TorchScriptNames.judge(["ops", "aten", parts[3]], isMethod: false)
        case "quantized_decomposed": return .proven
        case "torchvision": return TorchScriptNames.judge(["ops", "torchvision", parts[3]], isMethod: false)
        default: return hostile(parts)
        }
    }

    private static func hostile(_ parts: [String]) -> ScanVerdict {
        parts.contains(where: TorchScriptNames.hostile.contains) || parts.contains("hub") ? .unsafe : .notProven
    }

    private static func isName(_ part: String) -> Bool {
        !part.isEmpty && part.utf8.count < 100
            && part.utf8.allSatisfy {
                0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || $0 == UInt8(ascii: "_")
            }
    }

    /// Of Python's `operator`: none that calls, or looks up what a text names.
    private static let operators = words(
        "add sub mul floordiv truediv mod neg pos abs eq ne lt le gt ge and_ or_ xor not_ invert lshift rshift getitem pow"
    )
    private static let functions = words("ceil floor trunc sqrt log log2 exp sin cos tan tanh")
    private static let sizes = words(
        "sym_max sym_min sym_int sym_float sym_not sym_ite sym_sum _sym_sqrt _sym_log2"
    )
    private static let orders = words("cond while_loop wrap_with_set_grad_enabled wrap_with_autocast")

    /// Operators that exported programs have and TorchScript's code does not.
    private static let aten = words(
        """
        _adaptive_avg_pool2d _adaptive_avg_pool3d _assert_async _assert_scalar _assert_tensor_metadata _cdist_forward _embedding_bag \
        _fft_c2c _fft_c2r _fft_r2c _local_scalar_dense _native_batch_norm_legit _native_batch_norm_legit_no_training \
        _native_batch_norm_legit_functional _pdist_forward _safe_softmax _scaled_dot_product_flash_attention \
        _scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_efficient_attention _to_copy _trilinear _unsafe_view \
        _unsafe_index _unsafe_index_put _conj _neg_view _reshape_alias _fused_rms_norm _euclidean_dist avg_pool1d alias alias_copy \
        any cudnn_batch_norm convolution_overrideable embedding_renorm erfinv expand_copy fmax fmin glu lift_fresh lift_fresh_copy \
        linalg_lu_factor linalg_pinv log_sigmoid_forward max_pool2d_with_indices max_pool3d_with_indices nll_loss_forward \
        nll_loss2d_forward native_dropout native_group_norm native_instance_norm new_empty_strided rsqrt_ select_copy slice_copy \
        split_copy split_with_sizes_copy squeeze_copy sym_constrain_range sym_constrain_range_for_size sym_numel sym_size \
        sym_storage_offset sym_stride sym_is_contiguous t_copy transpose_copy unbind_copy unsqueeze_copy upsample_nearest2d_vec \
        view_copy permute_copy detach_copy numpy_T matrix_H mH mT adjoint grid_sampler_2d index_put linear_backward scatter_reduce_ \
        multi_head_attention_forward special_log_softmax special_softmax special_erf nonzero_static bitwise_left_shift \
        bitwise_right_shift logical_and_ logical_or_ exponential_ uniform_ uniform addmv_ addmm_ baddbmm_ exp_ sqrt_ rsqrt neg_ round_ \
        floor_ ceil_ abs_ masked_scatter_ clamp_min_ clamp_max_ leaky_relu_ softplus_ mish_ gelu_ swiglu isnan_ _grouped_mm _softmax_backward_data
        """
    )
}
